//! Reads a safetensors file tensor by tensor, so that loading never holds the whole file in memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use serde::Deserialize;

/// Maximum length of the header: a hundred times that of the model.
const MAX_HEADER: u64 = 1 << 20;

/// Numbers that are read at once.
const CHUNK: usize = 1 << 14;

/// An open safetensors file.
pub struct Weights {
    file: File,
    tensors: HashMap<String, Entry>,
    /// Where the data begins.
    data: u64,
}

/// A tensor in the header; its data is little-endian.
#[derive(Debug, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

impl Weights {
    /// Reads the header of a file. Errors say why it is not a safetensors file.
    pub fn open(mut file: File) -> Result<Self, String> {
        let mut length = [0u8; 8];
        file.read_exact(&mut length).map_err(|error| error.to_string())?;
        let length = u64::from_le_bytes(length);
        if length > MAX_HEADER {
            return Err("its header is too long".to_owned());
        }
        let mut header = vec![0u8; length as usize];
        file.read_exact(&mut header).map_err(|error| error.to_string())?;
        let header: HashMap<String, serde_json::Value> =
            serde_json::from_slice(&header).map_err(|error| error.to_string())?;
        let tensors = header
            .into_iter()
            .filter(|(name, _)| name != "__metadata__")
            .map(|(name, entry)| serde_json::from_value(entry).map(|entry| (name, entry)))
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())?;
        Ok(Self { file, tensors, data: 8 + length })
    }

    /// The numbers of a tensor of this shape.
    pub fn read(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let mut numbers = Vec::with_capacity(shape.iter().product());
        self.read_in_parts(name, shape, CHUNK, |part| numbers.extend_from_slice(part))?;
        Ok(numbers)
    }

    /// Passes on the numbers of a tensor, `part` at a time.
    pub fn read_in_parts(
        &mut self,
        name: &str,
        shape: &[usize],
        part: usize,
        mut use_part: impl FnMut(&[f32]),
    ) -> Result<(), String> {
        let entry = self.tensors.get(name).ok_or_else(|| format!("it has no tensor {name}"))?;
        let mut rest: usize = shape.iter().product();
        let [start, end] = entry.data_offsets;
        if entry.dtype != "F32" || entry.shape != shape || end.checked_sub(start) != Some(4 * rest as u64) {
            return Err(format!("its tensor {name} is not one of 32-bit floats of the shape {shape:?}"));
        }
        let failed = |error: std::io::Error| format!("its tensor {name} cannot be read: {error}");
        self.file.seek(SeekFrom::Start(self.data.saturating_add(start))).map_err(failed)?;
        let mut bytes = vec![0u8; 4 * part.min(rest)];
        let mut numbers = Vec::with_capacity(part.min(rest));
        while rest > 0 {
            let count = part.min(rest);
            let bytes = &mut bytes[..4 * count];
            self.file.read_exact(bytes).map_err(failed)?;
            numbers.clear();
            numbers.extend(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
            use_part(&numbers);
            rest -= count;
        }
        Ok(())
    }
}
