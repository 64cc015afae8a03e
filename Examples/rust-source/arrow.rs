//! Rows as Arrow structs that own themselves: whoever holds one calls its `release` once, which frees it. Nothing in here is about your
//! source; give it columns.

use crate::abi::*;
use std::ffi::{c_char, c_void, CString};
use std::ptr::{null, null_mut};

/// The types that hosts take.
#[allow(dead_code)]
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Integer,
    Text,
    Double,
    Boolean,
}

pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub is_nullable: bool,
}

/// The values of one column of a batch; None is null.
#[allow(dead_code)]
pub enum Column {
    Integers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Doubles(Vec<Option<f64>>),
    Booleans(Vec<Option<bool>>),
}

struct SchemaData {
    name: CString,
    children: Vec<*mut ArrowSchema>,
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    for child in Box::from_raw((*schema).private_data.cast::<SchemaData>()).children {
        // One that was taken out has no release any more.
        if let Some(release) = (*child).release {
            release(child);
        }
        drop(Box::from_raw(child));
    }
    (*schema).release = None;
}

fn schema_of(name: &str, format: *const c_char, flags: i64, children: Vec<*mut ArrowSchema>) -> ArrowSchema {
    let data = Box::into_raw(Box::new(SchemaData { name: CString::new(name).unwrap_or_default(), children }));
    let (name, children) = unsafe { ((*data).name.as_ptr(), &mut (*data).children) };
    ArrowSchema {
        format,
        name,
        metadata: null(),
        flags,
        n_children: children.len() as i64,
        children: children.as_mut_ptr(),
        dictionary: null_mut(),
        release: Some(release_schema),
        private_data: data.cast(),
    }
}

pub fn schema(fields: &[Field]) -> ArrowSchema {
    let children = fields.iter().map(|field| {
        let format = match field.kind {
            Kind::Integer => c"l",
            Kind::Text => c"u",
            Kind::Double => c"g",
            Kind::Boolean => c"b",
        };
        let flags = if field.is_nullable { ARROW_FLAG_NULLABLE } else { 0 };
        Box::into_raw(Box::new(schema_of(field.name, format.as_ptr(), flags, Vec::new())))
    });
    schema_of("", c"+s".as_ptr(), 0, children.collect())
}

/// What a batch or a column owns. `blocks` is the memory that `buffers` points into.
struct ArrayData {
    buffers: Vec<*const c_void>,
    #[allow(dead_code)]
    blocks: Vec<Vec<u64>>,
    children: Vec<*mut ArrowArray>,
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    for child in Box::from_raw((*array).private_data.cast::<ArrayData>()).children {
        if let Some(release) = (*child).release {
            release(child);
        }
        drop(Box::from_raw(child));
    }
    (*array).release = None;
}

fn array_of(length: usize, null_count: usize, buffers: Vec<Option<Vec<u64>>>, children: Vec<*mut ArrowArray>) -> ArrowArray {
    let pointers = buffers.iter().map(|block| block.as_ref().map_or(null(), |block| block.as_ptr().cast())).collect();
    let data = Box::into_raw(Box::new(ArrayData { buffers: pointers, blocks: buffers.into_iter().flatten().collect(), children }));
    let (buffers, children) = unsafe { (&mut (*data).buffers, &mut (*data).children) };
    ArrowArray {
        length: length as i64,
        null_count: null_count as i64,
        offset: 0,
        n_buffers: buffers.len() as i64,
        n_children: children.len() as i64,
        buffers: buffers.as_mut_ptr(),
        children: children.as_mut_ptr(),
        dictionary: null_mut(),
        release: Some(release_array),
        private_data: data.cast(),
    }
}

/// Bytes in memory that is aligned for every type, and never empty.
fn block(bytes: impl Iterator<Item = u8>) -> Vec<u64> {
    let mut bytes: Vec<u8> = bytes.collect();
    bytes.resize(bytes.len().div_ceil(8).max(1) * 8, 0);
    bytes.chunks_exact(8).map(|eight| u64::from_ne_bytes([eight[0], eight[1], eight[2], eight[3], eight[4], eight[5], eight[6], eight[7]])).collect()
}

fn bits(values: impl ExactSizeIterator<Item = bool>) -> Vec<u64> {
    let mut words = vec![0u64; values.len().div_ceil(64).max(1)];
    for (index, value) in values.enumerate() {
        words[index / 64] |= (value as u64) << (index % 64);
    }
    words.into_iter().map(u64::to_le).collect()
}

fn column_of<Value>(values: &[Option<Value>], mut buffers: Vec<Option<Vec<u64>>>) -> ArrowArray {
    let nulls = values.iter().filter(|value| value.is_none()).count();
    // Without nulls the bitmap may be left out.
    let validity = (nulls > 0).then(|| bits(values.iter().map(|value| value.is_some())));
    buffers.insert(0, validity);
    array_of(values.len(), nulls, buffers, Vec::new())
}

fn column(column: Column) -> ArrowArray {
    match column {
        Column::Integers(values) => {
            let block = block(values.iter().flat_map(|value| value.unwrap_or(0).to_ne_bytes()));
            column_of(&values, vec![Some(block)])
        }
        Column::Doubles(values) => {
            let block = block(values.iter().flat_map(|value| value.unwrap_or(0.0).to_ne_bytes()));
            column_of(&values, vec![Some(block)])
        }
        Column::Booleans(values) => {
            let block = bits(values.iter().map(|value| value.unwrap_or(false)));
            column_of(&values, vec![Some(block)])
        }
        Column::Texts(values) => {
            let mut offsets = vec![0i32];
            let mut bytes = Vec::new();
            for value in &values {
                bytes.extend_from_slice(value.as_deref().unwrap_or("").as_bytes());
                offsets.push(bytes.len() as i32);
            }
            let offsets = block(offsets.iter().flat_map(|offset| offset.to_ne_bytes()));
            column_of(&values, vec![Some(offsets), Some(block(bytes.into_iter()))])
        }
    }
}

/// One batch of `length` rows; every column has as many. At most 2 GiB of text in a column.
pub fn batch(length: usize, columns: Vec<Column>) -> ArrowArray {
    let children = columns.into_iter().map(|values| Box::into_raw(Box::new(column(values)))).collect();
    array_of(length, 0, vec![None], children)
}
