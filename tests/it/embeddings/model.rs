//! The local model computes what the reference implementation computes.

use std::time::Instant;

use callboard::domain::embeddings::Bert;
use serde::Deserialize;

use crate::harness;

/// A text and its vector from sentence-transformers.
#[derive(Deserialize)]
struct Reference {
    text: String,
    vector: Vec<f32>,
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt())
}

fn load() -> Bert {
    Bert::load(&harness::runtime_dir().join("all-minilm-l6-v2")).expect("the model of the runtime")
}

#[test]
fn vectors_equal_those_of_the_reference_implementation() {
    let references: Vec<Reference> = serde_json::from_str(include_str!("reference.json")).expect("the references");
    assert!(references.len() >= 20);
    let bert = load();
    assert_eq!(bert.dimensions(), 384);
    let texts: Vec<String> = references.iter().map(|r| r.text.clone()).collect();
    // All in one batch, and each alone.
    let together = bert.embed(&texts).expect("vectors");
    for (reference, vector) in references.iter().zip(&together) {
        let cosine = cosine(vector, &reference.vector);
        assert!(cosine >= 0.9999, "{cosine} for {:?}", reference.text.chars().take(60).collect::<String>());
        let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-4, "length {length}");
        let alone = bert.embed(std::slice::from_ref(&reference.text)).expect("a vector").remove(0);
        assert_eq!(*vector, alone, "a vector does not depend on the texts beside it");
    }
}

#[test]
fn any_text_has_a_vector_of_its_own() {
    let bert = load();
    let texts = [
        String::new(),
        " \n\t ".to_owned(),
        "\0 \u{fffd} \u{10ffff}".to_owned(),
        "🦀🚀 👩‍👩‍👧 🏳️‍🌈".to_owned(),
        "登录后无法打开看板。ログインできません".to_owned(),
        "לא ניתן להתחבר لا يمكن تسجيل الدخول".to_owned(),
        "x".repeat(100_000),
        "sign-in, ".repeat(20_000),
        "short".to_owned(),
    ];
    let together = bert.embed(&texts).expect("vectors");
    for (text, vector) in texts.iter().zip(&together) {
        let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-4, "length {length} of {:?}", text.chars().take(60).collect::<String>());
        let alone = bert.embed(std::slice::from_ref(text)).expect("a vector").remove(0);
        assert_eq!(*vector, alone, "a vector does not depend on the texts beside it");
    }
    // What is beyond 256 tokens, two of which mark the ends, changes nothing.
    let words = |count: usize| vec!["word"; count].join(" ");
    let vectors = bert.embed(&[words(254), words(255) + " more", words(253)]).expect("vectors");
    assert_eq!(vectors[0], vectors[1]);
    assert_ne!(vectors[0], vectors[2]);
}

#[test]
fn similar_texts_are_closer_than_unrelated_ones() {
    let bert = load();
    let texts = ["Users cannot sign in", "Login does not work", "The chart has the wrong colours"];
    let vectors = bert.embed(&texts.map(str::to_owned)).expect("vectors");
    let (near, far) = (cosine(&vectors[0], &vectors[1]), cosine(&vectors[0], &vectors[2]));
    assert!(near > 0.5 && far < 0.2, "near {near}, far {far}");
    assert!(bert.embed(&[]).expect("no vectors").is_empty());
}

#[test]
fn a_missing_or_broken_model_is_reported_in_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = Bert::load(folder.path()).expect_err("nothing there");
    assert!(missing.contains("config.json") && missing.contains("make setup"), "{missing}");
    let model = harness::runtime_dir().join("all-minilm-l6-v2");
    for file in ["config.json", "tokenizer.json"] {
        std::fs::copy(model.join(file), folder.path().join(file)).expect("copy");
    }
    let missing = Bert::load(folder.path()).expect_err("no weights");
    assert!(missing.contains("model.safetensors") && missing.contains("make setup"), "{missing}");
    let weights = std::fs::read(model.join("model.safetensors")).expect("the weights");
    let with_header = |header: &str| [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
    let name = "embeddings.word_embeddings.weight";
    for (content, why) in [
        (b"short".to_vec(), "fill"),
        (vec![0xff; 100], "header is too long"),
        (with_header("[]"), "invalid type"),
        (with_header("{}"), "no tensor"),
        (with_header(&format!(r#"{{"{name}": {{"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}}}}"#)), "32-bit"),
        (weights[..weights.len() / 2].to_vec(), "cannot be read"),
    ] {
        std::fs::write(folder.path().join("model.safetensors"), content).expect("write");
        let broken = Bert::load(folder.path()).expect_err("not weights");
        assert!(broken.contains("model.safetensors is broken") && broken.contains(why), "{broken}");
    }
    let config = std::fs::read_to_string(model.join("config.json")).expect("the settings");
    for (from, to, why) in [
        ("\"gelu\"", "\"relu\"", "gelu"),
        ("\"num_attention_heads\": 12", "\"num_attention_heads\": 6", "heads"),
        ("\"vocab_size\": 30522", "\"vocab_size\": 100", "tokenizer"),
    ] {
        assert!(config.contains(from));
        std::fs::write(folder.path().join("config.json"), config.replace(from, to)).expect("write");
        let broken = Bert::load(folder.path()).expect_err("another model");
        assert!(broken.contains("config.json is broken") && broken.contains(why), "{broken}");
    }
}

/// Not a test: prints embedding times. `cargo test --release -- --ignored --nocapture embeddings::model`
#[test]
#[ignore = "a measurement"]
fn measure_embedding_times() {
    let started = Instant::now();
    let bert = load();
    println!("loading: {:?}", started.elapsed());
    let references: Vec<Reference> = serde_json::from_str(include_str!("reference.json")).expect("the references");
    let long: Vec<String> = references.iter().map(|r| r.text.repeat(20).chars().take(1500).collect()).collect();
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    for (name, texts, each) in [
        ("short query", vec!["users cannot sign in after the update".to_owned()], 50),
        ("long ticket", long[..1].to_vec(), 20),
        ("16 long tickets", long[..16].to_vec(), 2),
    ] {
        let time = || {
            let started = Instant::now();
            (0..each).for_each(|_| drop(bert.embed(&texts)));
            started.elapsed() / each
        };
        println!("{name}: one thread {:?}, all cores {:?}", alone.install(time), time());
    }
}
