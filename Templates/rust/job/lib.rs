//! {{title}}: a job kind, which does work of its own. As it stands it counts to the number in its settings and remembers it.
//! Begin here: SETTINGS and DESCRIPTOR say who you are and what you need to know, `work` does it all.

mod abi;
mod host;
mod settings;

use abi::*;
use host::{answer, c_text, put, text, Call, Constant, Failure, Outcome};
use std::ffi::c_char;
use std::ptr::null;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Every setting once: the host makes its questions, its checks and its help of this. `"writeOnly": true` marks a password.
const SETTINGS: *const c_char = cr#"{"type":"object","additionalProperties":false,"required":["count"],"properties":{
"count":{"type":"integer","minimum":1,"maximum":1000000000,"title":"Count","x-order":0,"description":"How far to count."},
"pause_ms":{"type":"integer","minimum":0,"maximum":60000,"default":0,"title":"Pause","x-order":1,
"description":"Milliseconds to wait before each number; none when left out."}}}"#
    .as_ptr();

static ALIASES: Constant<[*const c_char; 2]> = Constant([c"{{name}}".as_ptr(), null()]);

static DESCRIPTOR: Constant<ch_descriptor> = Constant(ch_descriptor {
    struct_size: size_of::<ch_descriptor>() as u32,
    kind: CH_KIND_JOB,
    status: CH_STATUS_EXPERIMENTAL,
    reserved: 0,
    features: CH_JF_DRY_RUN | CH_JF_IDEMPOTENT,
    id: c"{{id}}".as_ptr(),
    name: c"{{title}}".as_ptr(),
    version: c"0.1.0".as_ptr(),
    vendor: c"Example".as_ptr(),
    license: c"Apache-2.0".as_ptr(),
    docs_url: c"".as_ptr(),
    summary: c"Counts.".as_ptr(),
    aliases: ALIASES.0.as_ptr(),
    config_schema: SETTINGS,
    examples: cr#"[{"title":"To ten","config":{"count":10}}]"#.as_ptr(),
});

/// What the host gives a run. `ch_run` has more: rows of an input, servers, rejects.
struct Run<'a>(&'a ch_run);

impl Run<'_> {
    /// Change nothing outside.
    fn is_dry(&self) -> bool {
        self.0.dry_run != 0
    }

    fn count(&self, counter: &str, add: i64) {
        if let Some(count) = self.0.count {
            unsafe { count(self.0, c_text(counter).as_ptr(), add) }
        }
    }

    /// Keeps a JSON value for the next run; it is durable when this returns.
    fn remember(&self, key: &str, value: &str) -> Outcome<()> {
        let status = self.0.state_put.map_or(CH_E_UNSUPPORTED, |state_put| unsafe { state_put(self.0, c_text(key).as_ptr(), c_text(value).as_ptr()) });
        if status == CH_OK { Ok(()) } else { Err(Failure::new(status, "The host could not remember how far was counted.")) }
    }
}

/// All the work. Returns the result, a JSON object for the run's log. With a dry run it does everything but change something.
fn work(json: &str, run: Run, call: Call) -> Outcome<String> {
    let count = settings::integer(json, "count").filter(|count| *count >= 1);
    let count = count.ok_or_else(|| Failure::new(CH_E_CONFIG, "\"count\" is how far to count: at least 1."))?;
    let pause = Duration::from_millis(settings::integer(json, "pause_ms").unwrap_or(0).clamp(0, 60_000) as u64);
    for number in 1..=count {
        wait(pause, call)?;
        run.count("numbers.counted", 1);
        call.progress("rows", number, count);
    }
    let result = format!(r#"{{"counted":{count},"dry_run":{}}}"#, run.is_dry());
    if !run.is_dry() {
        run.remember("last", &result)?;
    }
    Ok(result)
}

/// Where you wait for a network, poll `call.cancel_fd()` beside your socket instead.
fn wait(pause: Duration, call: Call) -> Outcome<()> {
    let end = Instant::now() + pause;
    loop {
        call.check_cancelled()?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        sleep(left.min(Duration::from_millis(50)));
    }
}

unsafe extern "C" fn run(call: *const ch_call, run: *const ch_run, json: *const c_char, result: ch_sink) -> i32 {
    answer(call, |call| put(result, &work(text(json), Run(&*run), call)?))
}

/// What the schema cannot say of the settings: every problem at once, [] when there is none.
unsafe extern "C" fn validate(call: *const ch_call, json: *const c_char, out: ch_sink) -> i32 {
    answer(call, |_| {
        let (count, pause) = (settings::integer(text(json), "count").unwrap_or(0), settings::integer(text(json), "pause_ms").unwrap_or(0));
        let is_long = count.saturating_mul(pause) > 86_400_000;
        let warning = r#"[{"path":"/pause_ms","severity":"warning","code":"long","message":"Counting so far with such pauses takes more than a day."}]"#;
        put(out, if is_long { warning } else { "[]" })
    })
}

static JOB: ch_job = ch_job { struct_size: size_of::<ch_job>() as u32, reserved: 0, run: Some(run) };

static CONNECTOR: Constant<ch_connector> = Constant(ch_connector {
    struct_size: size_of::<ch_connector>() as u32,
    reserved: 0,
    descriptor: &DESCRIPTOR.0,
    validate: Some(validate),
    check: None,
    iface: (&raw const JOB).cast(),
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
