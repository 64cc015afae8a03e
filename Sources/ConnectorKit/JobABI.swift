public import PluginABI

/// Makes a `ch_library` out of Swift job kinds, as `TransportLibrary` does of a transport.
public enum JobLibrary {
    /// One job kind. The tables live as long as the process, as the interface demands.
    public static func export<Job: JobConnector>(_ job: Job.Type, host: UnsafePointer<ch_host>? = nil) -> UnsafePointer<ch_library> {
        exportingHost = host
        exportedJobs = [ExportedJob(job)]
        return LibraryTables.library([table(job, JobSlots.all[0])])
    }

    /// Up to `JobSlots.all.count` job kinds. nil, which refuses the host, for more.
    public static func export(_ jobs: [any JobConnector.Type], host: UnsafePointer<ch_host>?) -> UnsafePointer<ch_library>? {
        guard jobs.count <= JobSlots.all.count else { return nil }
        exportingHost = host
        exportedJobs = jobs.map { ExportedJob.of($0) }
        var connectors: [ch_connector] = []
        for (index, job) in jobs.enumerated() { connectors.append(table(job, JobSlots.all[index])) }
        return LibraryTables.library(connectors)
    }

    private static func table<Job: JobConnector>(_ job: Job.Type, _ slot: JobSlots.Slot) -> ch_connector {
        var functions = ch_job()
        functions.struct_size = UInt32(MemoryLayout<ch_job>.size)
        functions.run = slot.run
        var connector = LibraryTables.connector(
            job, kind: 3, features: job.features.rawValue, functions: UnsafeRawPointer(LibraryTables.constant(functions)))
        connector.validate = slot.validate
        connector.check = slot.check
        connector.extension = slot.extension
        return connector
    }
}

/// A job kind with its type erased.
struct ExportedJob {
    let connector: ExportedConnector
    let run: (String, HostRun, HostCall) throws(ConnectorError) -> KeyValuePairs<String, FieldValue>
    let plan: (String) throws(ConnectorError) -> JobPlan?

    static func of<Job: JobConnector>(_ job: Job.Type) -> ExportedJob { ExportedJob(job) }

    init<Job: JobConnector>(_ job: Job.Type) {
        connector = ExportedConnector(job)
        run = { json, run, call throws(ConnectorError) in try job.run(try job.settings(fromJSON: json), run, call) }
        // Of a draft too: what is wrong with it is told by `validate`.
        plan = { json throws(ConnectorError) in try job.plan(try job.makeSettings(job.settings.values(fromJSON: json).values)) }
    }
}

/// The job kinds of this library, by slot. Written once by the entry function, before any thread of the connector exists, and only read after that.
nonisolated(unsafe) var exportedJobs: [ExportedJob] = []

/// The host's `ch_run` as a Swift value. Valid until `run` returns.
struct HostRun: JobRun {
    let run: UnsafePointer<ch_run>
    let call: UnsafePointer<ch_call>

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

    func perform(_ plan: JobPlan) throws(ConnectorError) -> String {
        guard let perform = hostService(CH_SERVICE_PIPELINE, ch_pipeline.self)?.pointee.perform else { throw Self.missing(CH_SERVICE_PIPELINE) }
        return try served(plan.json, perform)
    }

    func deliverEvents(_ feedJSON: String) throws(ConnectorError) -> String {
        guard let deliver = hostService(CH_SERVICE_EVENT_FEED, ch_event_feed.self)?.pointee.deliver else { throw Self.missing(CH_SERVICE_EVENT_FEED) }
        return try served(feedJSON, deliver)
    }

    private func served(
        _ json: String, _ function: (UnsafePointer<ch_run>?, UnsafePointer<ch_call>?, UnsafePointer<CChar>?, ch_sink) -> Int32
    ) throws(ConnectorError) -> String {
        let collected = CollectedText()
        let sink = ch_sink(ctx: Unmanaged.passUnretained(collected).toOpaque(), put: CollectedText.put)
        let status = function(run, call, json, sink)
        guard status == 0 else {
            // The host has told its own words through the call already.
            throw ConnectorError(ConnectorError.Status(rawValue: status) ?? .internal, "")
        }
        return String(decoding: collected.bytes, as: UTF8.self)
    }

    private static func missing(_ service: String) -> ConnectorError {
        ConnectorError(.unsupported, "This host does not offer \(service), which the job needs: a newer one does.")
    }

    private static func require(_ status: Int32, _ what: String) throws(ConnectorError) {
        guard status != 0 else { return }
        throw ConnectorError(ConnectorError.Status(rawValue: status) ?? .internal, "The host could not \(what) of this job.")
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
