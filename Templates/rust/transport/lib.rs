//! {{title}}: a transport, which is a way to reach the files of a server. Who it is and what it needs to know stands below; what it does
//! is in files.rs, where you begin. The functions here are the way from C to there and back.

mod abi;
mod files;
mod host;
mod settings;

use abi::*;
use files::{Entry, OpenFile, Session};
use host::{answer, c_text, count, put, text, Constant, Failure};
use std::ffi::{c_char, c_void};
use std::ptr::null;

/// Every setting once: the host makes its questions, its checks and its help of this. `"writeOnly": true` marks a password.
const SETTINGS: *const c_char = cr#"{"type":"object","additionalProperties":false,"required":["directory"],"properties":{
"directory":{"type":"string","minLength":1,"title":"Directory","x-order":0,
"description":"The whole path of the directory; nothing outside it is touched."}}}"#
    .as_ptr();

static ALIASES: Constant<[*const c_char; 2]> = Constant([c"{{name}}".as_ptr(), null()]);

/// Promise in `features` only what your server can do.
static DESCRIPTOR: Constant<ch_descriptor> = Constant(ch_descriptor {
    struct_size: size_of::<ch_descriptor>() as u32,
    kind: CH_KIND_TRANSPORT,
    status: CH_STATUS_EXPERIMENTAL,
    reserved: 0,
    features: CH_TF_ATOMIC_RENAME | CH_TF_APPEND | CH_TF_SEEK_READ | CH_TF_SET_MTIME | CH_TF_MKDIR | CH_TF_PARTIAL_VIS,
    id: c"{{id}}".as_ptr(),
    name: c"{{title}}".as_ptr(),
    version: c"0.1.0".as_ptr(),
    vendor: c"Example".as_ptr(),
    license: c"Apache-2.0".as_ptr(),
    docs_url: c"".as_ptr(),
    summary: c"Reads and writes the files of one directory of this machine.".as_ptr(),
    aliases: ALIASES.0.as_ptr(),
    config_schema: SETTINGS,
    examples: cr#"[{"title":"An exchange directory","config":{"directory":"/srv/exchange"}}]"#.as_ptr(),
});

/// What the schema cannot say of the settings, without connecting: every problem at once, [] when there is none.
unsafe extern "C" fn validate(call: *const ch_call, json: *const c_char, out: ch_sink) -> i32 {
    answer(call, |_| match files::directory_setting(text(json)) {
        Ok(_) => put(out, "[]"),
        Err(failure) => put(out, &format!("[{{\"path\":\"/directory\",\"severity\":\"error\",\"message\":{}}}]", settings::quoted(&failure.message))),
    })
}

/// `servers test`: each step that worked or failed, in order.
unsafe extern "C" fn check(call: *const ch_call, json: *const c_char) -> i32 {
    answer(call, |call| {
        let opened = Session::open(text(json), call);
        let words = opened.as_ref().map_or_else(|failure| failure.message.clone(), |_| "it is there and can be opened".to_string());
        call.step("directory", opened.is_ok(), 0.0, &words);
        opened.map(|_| ())
    })
}

unsafe extern "C" fn open(call: *const ch_call, json: *const c_char, out: *mut *mut ch_session) -> i32 {
    answer(call, |call| {
        *out = Box::into_raw(Box::new(Session::open(text(json), call)?)).cast();
        Ok(())
    })
}

unsafe extern "C" fn close(session: *mut ch_session) {
    if !session.is_null() {
        drop(Box::from_raw(session.cast::<Session>()));
    }
}

/// Comes from another thread while a call waits: shut your socket down here. Nothing waits for long in this one.
unsafe extern "C" fn cancel(_session: *mut ch_session) {}

unsafe fn session<'a>(session: *mut ch_session) -> &'a Session {
    &*session.cast()
}

unsafe fn tell(entry: Entry, found: ch_entry_fn, context: *mut c_void) -> Result<(), Failure> {
    let path = c_text(&entry.path);
    let raw = ch_entry {
        struct_size: size_of::<ch_entry>() as u32,
        r#type: entry.kind,
        path: path.as_ptr(),
        size: entry.size,
        mtime_unix_ns: entry.modified_unix_ns,
        unix_mode: entry.unix_mode,
        reserved: 0,
        etag: null(),
    };
    match found.map_or(CH_E_INTERNAL, |found| found(context, &raw)) {
        CH_OK => Ok(()),
        status => Err(Failure::new(status, "The host stopped the call.")),
    }
}

unsafe extern "C" fn stat(s: *mut ch_session, call: *const ch_call, path: *const c_char, found: ch_entry_fn, context: *mut c_void) -> i32 {
    answer(call, |_| tell(session(s).stat(text(path))?, found, context))
}

unsafe extern "C" fn list(s: *mut ch_session, call: *const ch_call, path: *const c_char, found: ch_entry_fn, context: *mut c_void) -> i32 {
    answer(call, |call| session(s).list(text(path), call, |entry| tell(entry, found, context)))
}

unsafe extern "C" fn open_read(s: *mut ch_session, call: *const ch_call, path: *const c_char, offset: i64, out: *mut *mut ch_file) -> i32 {
    answer(call, |_| {
        *out = Box::into_raw(Box::new(session(s).open_read(text(path), offset)?)).cast();
        Ok(())
    })
}

unsafe extern "C" fn read(file: *mut ch_file, call: *const ch_call, buffer: *mut c_void, capacity: usize) -> i64 {
    count(call, |call| (*file.cast::<OpenFile>()).read(std::slice::from_raw_parts_mut(buffer.cast(), capacity), call))
}

unsafe extern "C" fn open_write(s: *mut ch_session, call: *const ch_call, path: *const c_char, offset: i64, _size: i64, out: *mut *mut ch_file) -> i32 {
    answer(call, |_| {
        *out = Box::into_raw(Box::new(session(s).open_write(text(path), offset)?)).cast();
        Ok(())
    })
}

unsafe extern "C" fn write(file: *mut ch_file, call: *const ch_call, bytes: *const c_void, len: usize) -> i64 {
    count(call, |call| (*file.cast::<OpenFile>()).write(std::slice::from_raw_parts(bytes.cast(), len), call))
}

/// Frees the file, whatever it answers.
unsafe extern "C" fn commit(file: *mut ch_file, call: *const ch_call, modified: i64) -> i32 {
    let file = Box::from_raw(file.cast::<OpenFile>());
    answer(call, |_| file.commit((modified != i64::MIN).then_some(modified)))
}

unsafe extern "C" fn abort(file: *mut ch_file) {
    if !file.is_null() {
        Box::from_raw(file.cast::<OpenFile>()).abort();
    }
}

unsafe extern "C" fn rename(s: *mut ch_session, call: *const ch_call, from: *const c_char, to: *const c_char, replace: i32) -> i32 {
    answer(call, |_| session(s).rename(text(from), text(to), replace != 0))
}

unsafe extern "C" fn remove(s: *mut ch_session, call: *const ch_call, path: *const c_char) -> i32 {
    answer(call, |_| session(s).remove(text(path)))
}

unsafe extern "C" fn mkdir(s: *mut ch_session, call: *const ch_call, path: *const c_char) -> i32 {
    answer(call, |_| session(s).make_directory(text(path)))
}

unsafe extern "C" fn rmdir(s: *mut ch_session, call: *const ch_call, path: *const c_char) -> i32 {
    answer(call, |_| session(s).remove_directory(text(path)))
}

static TRANSPORT: ch_transport = ch_transport {
    struct_size: size_of::<ch_transport>() as u32,
    reserved: 0,
    open: Some(open),
    close: Some(close),
    cancel: Some(cancel),
    stat: Some(stat),
    list: Some(list),
    open_read: Some(open_read),
    read: Some(read),
    open_write: Some(open_write),
    write: Some(write),
    commit: Some(commit),
    abort: Some(abort),
    rename: Some(rename),
    remove: Some(remove),
    mkdir: Some(mkdir),
    rmdir: Some(rmdir),
};

static CONNECTOR: Constant<ch_connector> = Constant(ch_connector {
    struct_size: size_of::<ch_connector>() as u32,
    reserved: 0,
    descriptor: &DESCRIPTOR.0,
    validate: Some(validate),
    check: Some(check),
    iface: (&raw const TRANSPORT).cast(),
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
