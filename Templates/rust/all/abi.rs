//! `connecthost_plugin.h` in Rust: the structs of ABI 1.0, with their names. What each function gets and must answer is in the header.
//! The sizes and places at the end are those of the header; a difference does not compile.
#![allow(dead_code, non_camel_case_types)]

use std::ffi::{c_char, c_int, c_void};

pub const CH_ABI_MAJOR: u32 = 1;
pub const CH_ABI_VERSION: u32 = CH_ABI_MAJOR << 16 | 1;

pub const CH_OK: i32 = 0;
pub const CH_E_CONFIG: i32 = -1;
pub const CH_E_AUTH: i32 = -2;
pub const CH_E_NOT_FOUND: i32 = -3;
pub const CH_E_EXISTS: i32 = -4;
pub const CH_E_PERMISSION: i32 = -5;
pub const CH_E_NOT_EMPTY: i32 = -6;
pub const CH_E_NO_SPACE: i32 = -7;
pub const CH_E_RATE_LIMIT: i32 = -8;
pub const CH_E_TRANSIENT: i32 = -9;
pub const CH_E_TIMEOUT: i32 = -10;
pub const CH_E_CANCELLED: i32 = -11;
pub const CH_E_DATA: i32 = -12;
pub const CH_E_CURSOR: i32 = -13;
pub const CH_E_UNSUPPORTED: i32 = -14;
pub const CH_E_INTERNAL: i32 = -15;

pub const CH_LOG_TRACE: i32 = 0;
pub const CH_LOG_DEBUG: i32 = 1;
pub const CH_LOG_INFO: i32 = 2;
pub const CH_LOG_WARN: i32 = 3;
pub const CH_LOG_ERROR: i32 = 4;

pub const CH_KIND_TRANSPORT: u32 = 1;
pub const CH_KIND_SOURCE: u32 = 2;
pub const CH_KIND_JOB: u32 = 3;

pub const CH_STATUS_STABLE: u32 = 0;
pub const CH_STATUS_BETA: u32 = 1;
pub const CH_STATUS_EXPERIMENTAL: u32 = 2;
pub const CH_STATUS_DEPRECATED: u32 = 3;

pub const CH_TF_ATOMIC_RENAME: u64 = 1 << 0;
pub const CH_TF_APPEND: u64 = 1 << 1;
pub const CH_TF_SEEK_READ: u64 = 1 << 2;
pub const CH_TF_SET_MTIME: u64 = 1 << 3;
pub const CH_TF_MKDIR: u64 = 1 << 4;
pub const CH_TF_CASE_INSENS: u64 = 1 << 5;
pub const CH_TF_PARTIAL_VIS: u64 = 1 << 6;
pub const CH_TF_PARALLEL: u64 = 1 << 7;
pub const CH_TF_CUT_BACK: u64 = 1 << 8;

pub const CH_SF_INCREMENTAL: u64 = 1 << 0;
pub const CH_SF_RESUMABLE: u64 = 1 << 1;
pub const CH_SF_PROJECTION: u64 = 1 << 2;

pub const CH_JF_DRY_RUN: u64 = 1 << 0;
pub const CH_JF_IDEMPOTENT: u64 = 1 << 1;
pub const CH_JF_NEEDS_ROWS: u64 = 1 << 2;
pub const CH_JF_NEEDS_FILE: u64 = 1 << 3;

pub const ARROW_FLAG_NULLABLE: i64 = 2;

#[repr(C)]
pub struct ArrowSchema {
    pub format: *const c_char,
    pub name: *const c_char,
    pub metadata: *const c_char,
    pub flags: i64,
    pub n_children: i64,
    pub children: *mut *mut ArrowSchema,
    pub dictionary: *mut ArrowSchema,
    pub release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
pub struct ArrowArray {
    pub length: i64,
    pub null_count: i64,
    pub offset: i64,
    pub n_buffers: i64,
    pub n_children: i64,
    pub buffers: *mut *const c_void,
    pub children: *mut *mut ArrowArray,
    pub dictionary: *mut ArrowArray,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
pub struct ArrowArrayStream {
    pub get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    pub get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    pub get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    pub private_data: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ch_sink {
    pub ctx: *mut c_void,
    pub put: Option<unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> i32>,
}

#[repr(C)]
pub struct ch_call {
    pub struct_size: u32,
    pub reserved: u32,
    pub ctx: *mut c_void,
    pub cancel_fd: i32,
    pub log_min_level: i32,
    pub deadline_unix_ms: i64,
    pub is_cancelled: Option<unsafe extern "C" fn(*const ch_call) -> i32>,
    pub set_error: Option<unsafe extern "C" fn(*const ch_call, i32, *const c_char, *const c_char, i64)>,
    pub log: Option<unsafe extern "C" fn(*const ch_call, i32, *const c_char, *const c_char)>,
    pub progress: Option<unsafe extern "C" fn(*const ch_call, *const c_char, i64, i64, *const c_char)>,
    pub step: Option<unsafe extern "C" fn(*const ch_call, *const c_char, i32, f64, *const c_char)>,
}

#[repr(C)]
pub struct ch_host {
    pub struct_size: u32,
    pub abi_version: u32,
    pub ctx: *mut c_void,
    pub name: *const c_char,
    pub version: *const c_char,
    pub log: Option<unsafe extern "C" fn(*const ch_host, i32, *const c_char, *const c_char)>,
    pub service: Option<unsafe extern "C" fn(*const ch_host, *const c_char) -> *const c_void>,
}

#[repr(C)]
pub struct ch_descriptor {
    pub struct_size: u32,
    pub kind: u32,
    pub status: u32,
    pub reserved: u32,
    pub features: u64,
    pub id: *const c_char,
    pub name: *const c_char,
    pub version: *const c_char,
    pub vendor: *const c_char,
    pub license: *const c_char,
    pub docs_url: *const c_char,
    pub summary: *const c_char,
    pub aliases: *const *const c_char,
    pub config_schema: *const c_char,
    pub examples: *const c_char,
}

#[repr(C)]
pub struct ch_connector {
    pub struct_size: u32,
    pub reserved: u32,
    pub descriptor: *const ch_descriptor,
    pub validate: Option<unsafe extern "C" fn(*const ch_call, *const c_char, ch_sink) -> i32>,
    pub check: Option<unsafe extern "C" fn(*const ch_call, *const c_char) -> i32>,
    pub iface: *const c_void,
    pub extension: Option<unsafe extern "C" fn(*const c_char) -> *const c_void>,
}

#[repr(C)]
pub struct ch_entry {
    pub struct_size: u32,
    pub r#type: u32,
    pub path: *const c_char,
    pub size: i64,
    pub mtime_unix_ns: i64,
    pub unix_mode: u32,
    pub reserved: u32,
    pub etag: *const c_char,
}
pub type ch_entry_fn = Option<unsafe extern "C" fn(*mut c_void, *const ch_entry) -> i32>;

pub enum ch_session {}
pub enum ch_file {}

#[repr(C)]
pub struct ch_transport {
    pub struct_size: u32,
    pub reserved: u32,
    pub open: Option<unsafe extern "C" fn(*const ch_call, *const c_char, *mut *mut ch_session) -> i32>,
    pub close: Option<unsafe extern "C" fn(*mut ch_session)>,
    pub cancel: Option<unsafe extern "C" fn(*mut ch_session)>,
    pub stat: Option<unsafe extern "C" fn(*mut ch_session, *const ch_call, *const c_char, ch_entry_fn, *mut c_void) -> i32>,
    pub list: Option<unsafe extern "C" fn(*mut ch_session, *const ch_call, *const c_char, ch_entry_fn, *mut c_void) -> i32>,
    pub open_read: Option<unsafe extern "C" fn(*mut ch_session, *const ch_call, *const c_char, i64, *mut *mut ch_file) -> i32>,
    pub read: Option<unsafe extern "C" fn(*mut ch_file, *const ch_call, *mut c_void, usize) -> i64>,
    pub open_write: Option<unsafe extern "C" fn(*mut ch_session, *const ch_call, *const c_char, i64, i64, *mut *mut ch_file) -> i32>,
    pub write: Option<unsafe extern "C" fn(*mut ch_file, *const ch_call, *const c_void, usize) -> i64>,
    pub commit: Option<unsafe extern "C" fn(*mut ch_file, *const ch_call, i64) -> i32>,
    pub abort: Option<unsafe extern "C" fn(*mut ch_file)>,
    pub rename: Option<unsafe extern "C" fn(*mut ch_session, *const ch_call, *const c_char, *const c_char, i32) -> i32>,
    pub remove: Option<unsafe extern "C" fn(*mut ch_session, *const ch_call, *const c_char) -> i32>,
    pub mkdir: Option<unsafe extern "C" fn(*mut ch_session, *const ch_call, *const c_char) -> i32>,
    pub rmdir: Option<unsafe extern "C" fn(*mut ch_session, *const ch_call, *const c_char) -> i32>,
}

pub enum ch_reader {}

#[repr(C)]
pub struct ch_source {
    pub struct_size: u32,
    pub reserved: u32,
    pub discover: Option<unsafe extern "C" fn(*const ch_call, *const c_char, ch_sink) -> i32>,
    pub schema: Option<unsafe extern "C" fn(*const ch_call, *const c_char, *const c_char, *mut ArrowSchema) -> i32>,
    pub open: Option<
        unsafe extern "C" fn(*const ch_call, *const c_char, *const c_char, *const c_char, *mut *mut ch_reader, *mut ArrowArrayStream) -> i32,
    >,
    pub cursor: Option<unsafe extern "C" fn(*mut ch_reader, *const ch_call, ch_sink) -> i32>,
    pub last_error: Option<unsafe extern "C" fn(*mut ch_reader, *const ch_call) -> i32>,
    pub cancel: Option<unsafe extern "C" fn(*mut ch_reader)>,
    pub close: Option<unsafe extern "C" fn(*mut ch_reader)>,
}

#[repr(C)]
pub struct ch_run {
    pub struct_size: u32,
    pub dry_run: u32,
    pub ctx: *mut c_void,
    pub run_id: *const c_char,
    pub work_dir: *const c_char,
    pub take_rows: Option<unsafe extern "C" fn(*const ch_run, *const c_char, *mut ArrowArrayStream) -> i32>,
    pub transport: Option<unsafe extern "C" fn(*const ch_run, *const c_char, *mut *const ch_transport, *mut *mut ch_session) -> i32>,
    pub state_get: Option<unsafe extern "C" fn(*const ch_run, *const c_char, ch_sink) -> i32>,
    pub state_put: Option<unsafe extern "C" fn(*const ch_run, *const c_char, *const c_char) -> i32>,
    pub count: Option<unsafe extern "C" fn(*const ch_run, *const c_char, i64)>,
    pub reject: Option<unsafe extern "C" fn(*const ch_run, i64, *const c_char, *const c_char, *const c_char)>,
}

#[repr(C)]
pub struct ch_job {
    pub struct_size: u32,
    pub reserved: u32,
    pub run: Option<unsafe extern "C" fn(*const ch_call, *const ch_run, *const c_char, ch_sink) -> i32>,
}

#[repr(C)]
pub struct ch_library {
    pub struct_size: u32,
    pub abi_version: u32,
    pub build: *const c_char,
    pub count: u32,
    pub reserved: u32,
    pub connectors: *const *const ch_connector,
    pub shutdown: Option<unsafe extern "C" fn()>,
}

macro_rules! pin {
    ($type:ty, $size:literal $(, $field:ident at $offset:literal)*) => {
        const _: () = assert!(std::mem::size_of::<$type>() == $size);
        $(const _: () = assert!(std::mem::offset_of!($type, $field) == $offset);)*
    };
}
pin!(ArrowSchema, 72, children at 40, release at 56);
pin!(ArrowArray, 80, buffers at 40, release at 64);
pin!(ArrowArrayStream, 40, release at 24);
pin!(ch_sink, 16, put at 8);
pin!(ch_call, 72, cancel_fd at 16, deadline_unix_ms at 24, is_cancelled at 32, set_error at 40, log at 48, progress at 56, step at 64);
pin!(ch_host, 48, log at 32, service at 40);
pin!(ch_descriptor, 104, features at 16, id at 24, config_schema at 88);
pin!(ch_connector, 48, descriptor at 8, iface at 32, extension at 40);
pin!(ch_entry, 48, path at 8, size at 16, etag at 40);
pin!(ch_transport, 128, open at 8, read at 56, rmdir at 120);
pin!(ch_source, 64, open at 24, close at 56);
pin!(ch_run, 80, run_id at 16, take_rows at 32, reject at 72);
pin!(ch_job, 16, run at 8);
pin!(ch_library, 40, connectors at 24);
