public import PluginABI

/// Makes a `ch_library` out of one Swift job kind, as `TransportLibrary` does of a transport. One connector a library.
public enum JobLibrary {
    /// The tables live as long as the process, as the interface demands.
    public static func export<Job: JobConnector>(_ job: Job.Type) -> UnsafePointer<ch_library> {
        exportedJob = { json, run, call throws(ConnectorError) in try job.run(try job.settings(fromJSON: json), run, call) }
        var table = ch_job()
        table.struct_size = UInt32(MemoryLayout<ch_job>.size)
        table.run = { call, run, json, sink in
            answering(call) { host throws(ConnectorError) in
                guard let exportedJob, let run else { throw ConnectorError(.internal, "The connector was not set up.") }
                try require(put(JobResult.json(try exportedJob(text(json), HostRun(run: run), host)), sink))
            }
        }
        return LibraryTables.library(job, kind: 3, features: job.features.rawValue, functions: UnsafeRawPointer(LibraryTables.constant(table)))
    }
}

/// The one job kind of this library with its type erased. Written once by the entry function, before any thread of the connector exists,
/// and only read after that.
nonisolated(unsafe) private var exportedJob: ((String, HostRun, HostCall) throws(ConnectorError) -> KeyValuePairs<String, FieldValue>)?

/// The host's `ch_run` as a Swift value. Valid until `run` returns.
struct HostRun: JobRun {
    let run: UnsafePointer<ch_run>

    var id: String { text(run.pointee.run_id) }
    var isDryRun: Bool { run.pointee.dry_run != 0 }
    var workDirectory: String { text(run.pointee.work_dir) }

    func state(_ key: String) throws(ConnectorError) -> String? {
        let collected = CollectedText()
        let sink = ch_sink(ctx: Unmanaged.passUnretained(collected).toOpaque(), put: CollectedText.put)
        let status = run.pointee.state_get.map { $0(run, key, sink) } ?? ConnectorError.Status.unsupported.rawValue
        if status == ConnectorError.Status.notFound.rawValue { return nil }
        try Self.require(status, "read \"\(key)\"")
        return String(decoding: collected.bytes, as: UTF8.self)
    }

    func setState(_ key: String, _ json: String) throws(ConnectorError) {
        guard !isDryRun else { return }
        try Self.require(run.pointee.state_put.map { $0(run, key, json) } ?? ConnectorError.Status.unsupported.rawValue, "keep \"\(key)\"")
    }

    func count(_ counter: String, _ add: Int64) { run.pointee.count?(run, counter, add) }

    func reject(row: Int64, code: String, message: String, rowJSON: String?) { run.pointee.reject?(run, row, code, message, rowJSON) }

    private static func require(_ status: Int32, _ what: String) throws(ConnectorError) {
        guard status != 0 else { return }
        throw ConnectorError(ConnectorError.Status(rawValue: status) ?? .internal, "The host could not \(what) of this job.")
    }
}

/// Where the host puts the text of a sink of ours.
private final class CollectedText {
    var bytes: [UInt8] = []

    static let put: @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int32 = { context, bytes, count in
        guard let context, let bytes, count >= 0 else { return ConnectorError.Status.internal.rawValue }
        Unmanaged<CollectedText>.fromOpaque(context).takeUnretainedValue().bytes.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return 0
    }
}

/// What a run returned, as the JSON object that the interface wants.
enum JobResult {
    static func json(_ result: KeyValuePairs<String, FieldValue>) -> String {
        "{\(result.map { "\(SettingsSchema.quoted($0.key)):\(value($0.value))" }.joined(separator: ","))}"
    }

    private static func value(_ value: FieldValue) -> String {
        switch value {
        case .null: "null"
        case .text(let text): SettingsSchema.quoted(text)
        case .integer(let number): String(number)
        // JSON has no words for the others.
        case .double(let number): number.isFinite ? String(number) : "null"
        case .boolean(let truth): String(truth)
        }
    }
}
