//! The host's side as safe values: one call, failures with a status, text and sinks. Nothing in here is about your server.
#![allow(dead_code)]

use crate::abi::*;
use std::ffi::{c_char, CStr, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Why a call fails. The status says who must act, and so whether the host tries again; the message is for the person who reads the
/// run's log: what failed, to what, what to do. Never a secret.
#[derive(Clone, Debug)]
pub struct Failure {
    pub status: i32,
    pub message: String,
}

pub type Outcome<Value> = Result<Value, Failure>;

impl Failure {
    pub fn new(status: i32, message: impl Into<String>) -> Failure {
        Failure { status, message: message.into() }
    }
}

/// What the host gives one call. Do not keep it beyond; only the call of a source's `open` lasts until its `close`.
#[derive(Clone, Copy)]
pub struct Call(*const ch_call);

// Every function of a call may be used from any thread, as the header says.
unsafe impl Send for Call {}
unsafe impl Sync for Call {}

impl Call {
    /// # Safety
    /// `raw` is the host's, and is not used after the call has returned.
    pub unsafe fn new(raw: *const ch_call) -> Call {
        Call(raw)
    }

    fn table(&self) -> &ch_call {
        unsafe { &*self.0 }
    }

    pub fn is_cancelled(self) -> bool {
        self.table().is_cancelled.is_some_and(|ask| unsafe { ask(self.0) } != 0)
    }

    pub fn check_cancelled(self) -> Outcome<()> {
        if self.is_cancelled() { Err(Failure::new(CH_E_CANCELLED, "The call was cancelled.")) } else { Ok(()) }
    }

    /// Readable (poll for POLLIN) once the call is cancelled: poll it beside your socket. -1 when there is none.
    pub fn cancel_fd(self) -> i32 {
        self.table().cancel_fd
    }

    pub fn log(self, level: i32, message: &str) {
        let (Some(log), true) = (self.table().log, level >= self.table().log_min_level) else { return };
        unsafe { log(self.0, level, c_text(message).as_ptr(), std::ptr::null()) }
    }

    /// `unit` is "bytes", "rows" or "files"; `total` below 0 is unknown.
    pub fn progress(self, unit: &str, done: i64, total: i64) {
        let Some(progress) = self.table().progress else { return };
        unsafe { progress(self.0, c_text(unit).as_ptr(), done, total, std::ptr::null()) }
    }

    /// One finished step of a connection test.
    pub fn step(self, name: &str, succeeded: bool, milliseconds: f64, message: &str) {
        let reaches = self.table().struct_size as usize >= std::mem::offset_of!(ch_call, step) + size_of::<usize>();
        let (Some(step), true) = (self.table().step, reaches) else { return };
        unsafe { step(self.0, c_text(name).as_ptr(), succeeded as i32, milliseconds, c_text(message).as_ptr()) }
    }

    pub fn report(self, failure: &Failure) {
        let Some(set_error) = self.table().set_error else { return };
        unsafe { set_error(self.0, failure.status, c_text(&failure.message).as_ptr(), std::ptr::null(), 0) }
    }
}

/// Runs the body of a function that C calls: a failure becomes its status with its message told, and so does a panic, which must not cross.
pub fn answer(call: *const ch_call, body: impl FnOnce(Call) -> Outcome<()>) -> i32 {
    count(call, |call| body(call).map(|()| 0)) as i32
}

/// The same for functions that answer with a count of bytes.
pub fn count(call: *const ch_call, body: impl FnOnce(Call) -> Outcome<usize>) -> i64 {
    let call = Call(call);
    let failure = match catch_unwind(AssertUnwindSafe(|| body(call))) {
        Ok(Ok(count)) => return count as i64,
        Ok(Err(failure)) => failure,
        Err(_) => Failure::new(CH_E_INTERNAL, "The connector has a defect: it panicked. Its author wants to know."),
    };
    call.report(&failure);
    failure.status as i64
}

/// Text of the host's, which is UTF-8; "" for NULL.
///
/// # Safety
/// `pointer` is NULL or ends with a NUL, and is valid as long as the result is used.
pub unsafe fn text<'a>(pointer: *const c_char) -> &'a str {
    if pointer.is_null() { "" } else { CStr::from_ptr(pointer).to_str().unwrap_or("") }
}

/// Text for the host; a NUL inside would end it.
pub fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "")).unwrap_or_default()
}

/// Hands text to the host, which copies it.
pub fn put(sink: ch_sink, text: &str) -> Outcome<()> {
    let status = sink.put.map_or(CH_E_INTERNAL, |put| unsafe { put(sink.ctx, text.as_ptr().cast(), text.len()) });
    if status == CH_OK { Ok(()) } else { Err(Failure::new(status, "The host stopped the call.")) }
}

/// A table of pointers that lives as long as the process.
#[repr(transparent)]
pub struct Constant<Table>(pub Table);

// What lies behind the pointers is constant.
unsafe impl<Table> Sync for Constant<Table> {}
