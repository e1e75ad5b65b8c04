//! Reads a safetensors file tensor by tensor, so that the whole file is never in memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;

use serde::Deserialize;

/// Maximum length of the header: a hundred times that of the model.
const MAX_HEADER: u64 = 1 << 20;

/// Numbers that are read at once.
const CHUNK: usize = 1 << 10;

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
    pub fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let start = self.find(name, shape)?;
        let count = shape.iter().product();
        let mut numbers = Vec::with_capacity(count);
        let mut bytes = [0u8; 4 * CHUNK];
        while numbers.len() < count {
            let part = CHUNK.min(count - numbers.len());
            append(&self.file, start + 4 * numbers.len() as u64, &mut bytes[..4 * part], &mut numbers)
                .map_err(|error| format!("its tensor {name} cannot be read: {error}"))?;
        }
        Ok(numbers)
    }

    /// The rows of a tensor, which stay in the file.
    pub fn rows(&self, name: &str, count: usize, columns: usize) -> Result<Rows, String> {
        let start = self.find(name, &[count, columns])?;
        let file = self.file.try_clone().map_err(|error| error.to_string())?;
        let rows = Rows { file, start, count, columns };
        // Fails now if the file is too short.
        rows.append_to(&mut Vec::new(), &mut Vec::new(), count.saturating_sub(1))
            .map_err(|error| format!("its tensor {name} cannot be read: {error}"))?;
        Ok(rows)
    }

    /// Where the tensor of this name and shape starts in the file.
    fn find(&self, name: &str, shape: &[usize]) -> Result<u64, String> {
        let entry = self.tensors.get(name).ok_or_else(|| format!("it has no tensor {name}"))?;
        let size = shape.iter().try_fold(4u64, |size, length| size.checked_mul(*length as u64));
        let [start, end] = entry.data_offsets;
        if entry.dtype != "F32" || entry.shape != shape || size.is_none() || end.checked_sub(start) != size {
            return Err(format!("its tensor {name} is not one of 32-bit floats of the shape {shape:?}"));
        }
        Ok(self.data.saturating_add(start))
    }
}

/// Rows of a tensor that are read from the file when they are needed.
///
/// A text has few of the many words of the vocabulary, and the operating system keeps in memory the parts of the file that
/// are used often. Unlike a memory map, reading reports a file that was cut short as an error.
#[derive(Debug)]
pub struct Rows {
    file: File,
    start: u64,
    count: usize,
    columns: usize,
}

impl Rows {
    /// Appends the numbers of a row. `bytes` is memory that is reused.
    ///
    /// # Panics
    /// If there is no such row.
    pub(crate) fn append_to(&self, numbers: &mut Vec<f32>, bytes: &mut Vec<u8>, row: usize) -> std::io::Result<()> {
        assert!(row < self.count);
        bytes.resize(4 * self.columns, 0);
        append(&self.file, self.start + row as u64 * bytes.len() as u64, bytes, numbers)
    }
}

/// Fills `bytes` from this place in the file and appends them as numbers.
fn append(file: &File, start: u64, bytes: &mut [u8], numbers: &mut Vec<f32>) -> std::io::Result<()> {
    file.read_exact_at(bytes, start)?;
    numbers.extend(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    Ok(())
}
