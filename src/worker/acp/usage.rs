//! What an agent states about its usage: the tokens of a turn, the cost of its session, and its model.

use serde_json::Value;

use crate::domain::usage::{Amount, Money, ReportUsage};

/// The most tokens that a report can state.
const MAX_TOKENS: i64 = 1_000_000_000_000;

/// Adds the tokens of a turn to a report.
///
/// Agents do not agree on whether tokens of reasoning are among those of the output, and cached tokens among those of the
/// input. The total tells: it is the sum of what is separate.
pub(crate) fn add_turn(report: &mut ReportUsage, usage: &Value) {
    let number = |name: &str| usage[name].as_i64().filter(|tokens| (0..=MAX_TOKENS).contains(tokens));
    let (mut input, mut output) = (number("inputTokens"), number("outputTokens"));
    let (read, written) = (number("cachedReadTokens"), number("cachedWriteTokens"));
    let thought = number("thoughtTokens").unwrap_or(0);
    let cached = read.unwrap_or(0) + written.unwrap_or(0);
    if let (Some(given_input), Some(given_output)) = (input, output) {
        let base = given_input + given_output;
        let total = number("totalTokens");
        let (thought_is_output, cached_is_input) = match total {
            Some(total) if total == base + cached + thought => (false, false),
            Some(total) if total == base + cached => (true, false),
            Some(total) if total == base + thought => (false, true),
            Some(total) if total == base => (true, true),
            _ => (false, false),
        };
        if !thought_is_output {
            output = Some(given_output + thought);
        }
        if cached_is_input {
            input = Some((given_input - cached).max(0));
        }
    }
    add(&mut report.input_tokens, input);
    add(&mut report.output_tokens, output);
    add(&mut report.cache_read_tokens, read);
    add(&mut report.cache_write_tokens, written);
}

fn add(sum: &mut Option<i64>, tokens: Option<i64>) {
    if let Some(tokens) = tokens {
        *sum = Some(sum.unwrap_or(0).saturating_add(tokens).min(MAX_TOKENS));
    }
}

/// The cost of a session so far. The protocol also allows units that are no currency, such as credits; those are left out.
pub(crate) fn cost_of(cost: &Value) -> Option<Money> {
    let currency = cost["currency"].as_str()?;
    let amount = cost["amount"].as_f64().filter(|amount| (0.0..=1e9).contains(amount))?;
    let is_currency = currency.len() == 3 && currency.bytes().all(|letter| letter.is_ascii_alphabetic());
    is_currency.then(|| Money { currency: currency.to_ascii_uppercase(), amount: Amount::from_number(amount) })
}

/// The model in the options of a session: the result of a request that opens one, or an update.
pub(crate) fn model_of(session: &Value) -> Option<String> {
    let options = session["configOptions"].as_array();
    let chosen = options.and_then(|options| options.iter().find(|option| option["category"] == "model"));
    let model = chosen.map_or(&session["models"]["currentModelId"], |option| &option["currentValue"]);
    let model = model.as_str()?.trim();
    (!model.is_empty()).then(|| model.chars().filter(|c| !c.is_control()).take(200).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn turn(usage: Value) -> [Option<i64>; 4] {
        let mut report = ReportUsage::default();
        add_turn(&mut report, &usage);
        [report.input_tokens, report.output_tokens, report.cache_read_tokens, report.cache_write_tokens]
    }

    #[test]
    fn the_total_tells_what_is_counted_twice() {
        let usage = |total: i64| {
            json!({"inputTokens": 100, "outputTokens": 20, "cachedReadTokens": 30, "cachedWriteTokens": 10, "thoughtTokens": 5,
                "totalTokens": total})
        };
        assert_eq!(turn(usage(165)), [Some(100), Some(25), Some(30), Some(10)], "everything is separate");
        assert_eq!(turn(usage(160)), [Some(100), Some(20), Some(30), Some(10)], "reasoning is output");
        assert_eq!(turn(usage(125)), [Some(60), Some(25), Some(30), Some(10)], "cached tokens are input");
        assert_eq!(turn(usage(120)), [Some(60), Some(20), Some(30), Some(10)], "both");
        assert_eq!(turn(usage(7)), [Some(100), Some(25), Some(30), Some(10)], "an unknown sum");
        // What is not stated, or no number of tokens, stays missing.
        assert_eq!(turn(json!({"inputTokens": 1, "totalTokens": 1})), [Some(1), None, None, None]);
        assert_eq!(turn(json!({"inputTokens": -1, "outputTokens": "7", "cachedReadTokens": 1e30})), [None; 4]);
    }

    #[test]
    fn turns_are_added_up() {
        let mut report = ReportUsage::default();
        for _ in 0..2 {
            add_turn(&mut report, &json!({"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}));
        }
        assert_eq!((report.input_tokens, report.output_tokens, report.cache_read_tokens), (Some(2), Some(4), None));
    }

    #[test]
    fn a_cost_is_money() {
        let cost = |amount: Value, currency: &str| cost_of(&json!({"amount": amount, "currency": currency}));
        let money = cost(json!(0.1 + 0.2), "usd").expect("money");
        assert_eq!((money.amount.as_str(), money.currency.as_str()), ("0.3", "USD"));
        assert!(cost(json!(3), "credits").is_none() && cost(json!(-1), "USD").is_none());
        assert!(cost(json!("1"), "USD").is_none() && cost_of(&Value::Null).is_none());
    }

    #[test]
    fn the_model_is_an_option_of_the_session() {
        let options = json!({"configOptions": [{"id": "m", "category": "mode", "currentValue": "plan"},
            {"id": "model", "category": "model", "currentValue": "opus"}], "models": {"currentModelId": "old"}});
        assert_eq!(model_of(&options).as_deref(), Some("opus"));
        assert_eq!(model_of(&json!({"models": {"currentModelId": "sonnet"}})).as_deref(), Some("sonnet"));
        assert_eq!(model_of(&json!({"sessionId": "s"})), None);
    }
}
