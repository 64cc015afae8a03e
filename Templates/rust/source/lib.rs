//! {{title}}: a source, which gives rows. Who it is and what it needs to know stands below; what it gives is in rows.rs, where you begin.
//! The functions here are the way from C to there and back.

mod abi;
mod arrow;
mod host;
mod rows;
mod settings;

use abi::*;
use host::{answer, put, text, Call, Constant, Failure, Outcome};
use rows::Rows;
use std::ffi::{c_char, c_int};
use std::ptr::null;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Every setting once: the host makes its questions, its checks and its help of this. `"writeOnly": true` marks a password.
const SETTINGS: *const c_char = cr#"{"type":"object","additionalProperties":false,"properties":{
"rows":{"type":"integer","minimum":0,"maximum":1000000000000,"default":10000,"title":"Rows","x-order":0,
"description":"How far to count; 10000 when left out."}}}"#
    .as_ptr();

static ALIASES: Constant<[*const c_char; 2]> = Constant([c"{{name}}".as_ptr(), null()]);

static DESCRIPTOR: Constant<ch_descriptor> = Constant(ch_descriptor {
    struct_size: size_of::<ch_descriptor>() as u32,
    kind: CH_KIND_SOURCE,
    status: CH_STATUS_EXPERIMENTAL,
    reserved: 0,
    features: CH_SF_INCREMENTAL | CH_SF_RESUMABLE,
    id: c"{{id}}".as_ptr(),
    name: c"{{title}}".as_ptr(),
    version: c"0.1.0".as_ptr(),
    vendor: c"Example".as_ptr(),
    license: c"Apache-2.0".as_ptr(),
    docs_url: c"".as_ptr(),
    summary: c"Counts.".as_ptr(),
    aliases: ALIASES.0.as_ptr(),
    config_schema: SETTINGS,
    examples: cr#"[{"title":"A small reading","config":{"rows":100}}]"#.as_ptr(),
});

/// One reading, as the host holds it. `cancel` comes from another thread; everything else one at a time.
struct Reader {
    rows: Mutex<Rows>,
    stream: String,
    /// The call that opened it, which is good until `close`.
    call: Call,
    is_cancelled: AtomicBool,
    /// Why the last `get_next` failed.
    failure: Mutex<Option<Failure>>,
}

/// A panic while it was held has been told as a failure already.
fn lock<Value>(mutex: &Mutex<Value>) -> MutexGuard<'_, Value> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

unsafe extern "C" fn discover(call: *const ch_call, json: *const c_char, out: ch_sink) -> i32 {
    answer(call, |_| put(out, &rows::streams(text(json))?))
}

unsafe extern "C" fn schema(call: *const ch_call, _json: *const c_char, stream: *const c_char, out: *mut ArrowSchema) -> i32 {
    answer(call, |_| {
        out.write(arrow::schema(rows::fields(text(stream))?));
        Ok(())
    })
}

unsafe extern "C" fn open(
    call: *const ch_call, json: *const c_char, request: *const c_char, cursor: *const c_char, reader_out: *mut *mut ch_reader, stream_out: *mut ArrowArrayStream,
) -> i32 {
    answer(call, |call| {
        let stream = settings::text(text(request), "stream").unwrap_or_default();
        rows::fields(&stream)?;
        let cursor = (!cursor.is_null()).then(|| text(cursor));
        let rows = Mutex::new(Rows::open(text(json), &stream, cursor)?);
        let reader = Box::new(Reader { rows, stream, call, is_cancelled: AtomicBool::new(false), failure: Mutex::new(None) });
        let reader = Box::into_raw(reader);
        stream_out.write(ArrowArrayStream {
            get_schema: Some(stream_schema),
            get_next: Some(stream_next),
            get_last_error: Some(stream_error),
            release: Some(stream_release),
            private_data: reader.cast(),
        });
        *reader_out = reader.cast();
        Ok(())
    })
}

unsafe fn reader<'a>(stream: *mut ArrowArrayStream) -> &'a Reader {
    &*(*stream).private_data.cast()
}

/// Runs the body of a function of the stream, which answers with an errno; the failure is kept for `last_error`.
fn errno(reader: &Reader, body: impl FnOnce() -> Outcome<()>) -> c_int {
    const EIO: c_int = 5;
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err(Failure::new(CH_E_INTERNAL, "The connector has a defect: it panicked. Its author wants to know.")));
    match outcome {
        Ok(()) => 0,
        Err(failure) => {
            let is_cancelled = failure.status == CH_E_CANCELLED;
            *lock(&reader.failure) = Some(failure);
            if is_cancelled { ECANCELED } else { EIO }
        }
    }
}
const ECANCELED: c_int = 125;

unsafe extern "C" fn stream_schema(stream: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
    errno(reader(stream), || {
        out.write(arrow::schema(rows::fields(&reader(stream).stream)?));
        Ok(())
    })
}

unsafe extern "C" fn stream_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
    let reader = reader(stream);
    // Without release: the end.
    out.write_bytes(0, 1);
    errno(reader, || {
        if reader.is_cancelled.load(Ordering::Relaxed) {
            return Err(Failure::new(CH_E_CANCELLED, "The reading was cancelled."));
        }
        reader.call.check_cancelled()?;
        if let Some((length, columns)) = lock(&reader.rows).next(reader.call)? {
            out.write(arrow::batch(length, columns));
        }
        Ok(())
    })
}

unsafe extern "C" fn stream_error(_stream: *mut ArrowArrayStream) -> *const c_char {
    c"The rows could not be read.".as_ptr()
}

/// The reader outlives its stream, and batches outlive both.
unsafe extern "C" fn stream_release(stream: *mut ArrowArrayStream) {
    (*stream).release = None;
}

unsafe extern "C" fn cursor(reader: *mut ch_reader, call: *const ch_call, out: ch_sink) -> i32 {
    answer(call, |_| put(out, &lock(&(*reader.cast::<Reader>()).rows).cursor()))
}

unsafe extern "C" fn last_error(reader: *mut ch_reader, call: *const ch_call) -> i32 {
    let reader = &*reader.cast::<Reader>();
    answer(call, |_| lock(&reader.failure).take().map_or(Ok(()), Err))
}

unsafe extern "C" fn cancel(reader: *mut ch_reader) {
    (*reader.cast::<Reader>()).is_cancelled.store(true, Ordering::Relaxed);
}

unsafe extern "C" fn close(reader: *mut ch_reader) {
    if !reader.is_null() {
        drop(Box::from_raw(reader.cast::<Reader>()));
    }
}

/// What the schema cannot say of the settings: every problem at once, [] when there is none.
unsafe extern "C" fn validate(call: *const ch_call, _json: *const c_char, out: ch_sink) -> i32 {
    answer(call, |_| put(out, "[]"))
}

unsafe extern "C" fn check(call: *const ch_call, json: *const c_char) -> i32 {
    answer(call, |call| rows::check(text(json), call))
}

static SOURCE: ch_source = ch_source {
    struct_size: size_of::<ch_source>() as u32,
    reserved: 0,
    discover: Some(discover),
    schema: Some(schema),
    open: Some(open),
    cursor: Some(cursor),
    last_error: Some(last_error),
    cancel: Some(cancel),
    close: Some(close),
};

static CONNECTOR: Constant<ch_connector> = Constant(ch_connector {
    struct_size: size_of::<ch_connector>() as u32,
    reserved: 0,
    descriptor: &DESCRIPTOR.0,
    validate: Some(validate),
    check: Some(check),
    iface: (&raw const SOURCE).cast(),
    extension: None,
});

static CONNECTORS: Constant<[*const ch_connector; 1]> = Constant([&CONNECTOR.0]);

static LIBRARY: Constant<ch_library> = Constant(ch_library {
    struct_size: size_of::<ch_library>() as u32,
    abi_version: CH_ABI_VERSION,
    build: c"rustc".as_ptr(),
    count: 1,
    reserved: 0,
    connectors: CONNECTORS.0.as_ptr(),
    shutdown: None,
});

/// The one symbol that the host looks for.
///
/// # Safety
/// Called by the host, with its table.
#[no_mangle]
pub unsafe extern "C" fn connecthost_library_v1(host: *const ch_host) -> *const ch_library {
    if (*host).abi_version >> 16 == CH_ABI_MAJOR { &LIBRARY.0 } else { null() }
}
