public import ConnectModel
import Foundation
import PluginABI
public import RunEngine

extension LoadedConnector {
    private func job() throws -> UnsafePointer<ch_job> {
        guard let table = connector.job else { throw ConnectError("connector.kind", .configuration, "\(id) is not a job kind.") }
        return table
    }

    /// What the job would have the host do with these settings; nil when it says nothing of the kind.
    public func plan(_ settings: JSONValue) throws -> JobPlan? {
        guard let table = connector.raw.pointee.extension?(CH_EXT_JOB_PLAN)?.assumingMemoryBound(to: ch_job_plan.self),
            let plan = table.pointee.plan
        else { return nil }
        return try collect("Planning the job") { call, json, sink in plan(call, json, sink) }(settings)
    }

    /// The job as the run engine runs it.
    public func providedJob(_ settings: JSONValue, isIdempotent: Bool) throws -> any ProvidedJob {
        _ = try job()
        return ABIJob(connector: self, settings: settings, isIdempotent: isIdempotent)
    }

    fileprivate func run(_ settings: JSONValue, _ services: any JobServices) throws -> JSONValue {
        let table = try job()
        guard let run = table.pointee.run else { throw ConnectError("connector.defect", .internal, "Connector \(id) has no run function.") }
        let given = try JobRunABI(services)
        defer { given.close() }
        let answer: JSONValue = try collect("The job") { call, json, sink in run(call, given.raw, json, sink) }(settings)
        guard answer.objectValue != nil else {
            throw ConnectError("connector.defect", .internal, "Connector \(id) gave a result that is no JSON object.")
        }
        return answer
    }
}

/// A connector's job kind with the settings of one job.
struct ABIJob: ProvidedJob {
    let connector: LoadedConnector
    let settings: JSONValue
    let isIdempotent: Bool

    func run(_ services: any JobServices) throws -> JSONValue { try connector.run(settings, services) }
}

/// One `ch_run`, made for one call of `run`. Owns the texts it points at and the sessions it has opened.
final class JobRunABI {
    let raw: UnsafeMutablePointer<ch_run>
    let services: any JobServices
    private let texts: [UnsafeMutablePointer<CChar>]
    private var sessions: [HostSession] = []

    init(_ services: any JobServices) throws {
        self.services = services
        do {
            try FileManager.default.createDirectory(
                atPath: services.workDirectory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ConnectError("local.file", .configuration, "The directory \(services.workDirectory) cannot be made: \(error.localizedDescription)")
        }
        texts = [strdup(services.run.description), strdup(services.workDirectory)]
        raw = .allocate(capacity: 1)
        raw.initialize(to: ch_run())
        raw.pointee.struct_size = UInt32(MemoryLayout<ch_run>.size)
        raw.pointee.dry_run = services.isDryRun ? 1 : 0
        raw.pointee.ctx = Unmanaged.passUnretained(self).toOpaque()
        raw.pointee.run_id = UnsafePointer(texts[0])
        raw.pointee.work_dir = UnsafePointer(texts[1])
        installCallbacks()
    }

    deinit {
        texts.forEach { free($0) }
        raw.deallocate()
    }

    /// Ends the sessions that the job has got.
    func close() {
        sessions.forEach { $0.close() }
        sessions = []
    }

    static func of(_ run: UnsafePointer<ch_run>?) -> JobRunABI? {
        run?.pointee.ctx.map { Unmanaged<JobRunABI>.fromOpaque($0).takeUnretainedValue() }
    }

    private func installCallbacks() {
        raw.pointee.take_rows = { _, _, _ in CH_E_NOT_FOUND }
        raw.pointee.transport = { run, connection, table, session in
            guard let given = JobRunABI.of(run), let table, let session else { return CH_E_INTERNAL }
            return ABIStatus.of {
                let opened = HostSession(try given.services.transport(to: CText.string(connection)))
                given.sessions.append(opened)
                table.pointee = HostSession.table
                session.pointee = opened.handle
            }
        }
        raw.pointee.state_get = { run, key, sink in
            guard let given = JobRunABI.of(run) else { return CH_E_INTERNAL }
            var found: String?
            let status = ABIStatus.of { found = try given.services.state(CText.string(key)) }
            guard status == CH_OK else { return status }
            return found.map { ABIStatus.put($0, sink) } ?? CH_E_NOT_FOUND
        }
        raw.pointee.state_put = { run, key, value in
            guard let given = JobRunABI.of(run), let value else { return CH_E_INTERNAL }
            let text = String(cString: value)
            guard (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) != nil else { return CH_E_DATA }
            return ABIStatus.of { try given.services.setState(CText.string(key), text) }
        }
        raw.pointee.count = { run, counter, add in JobRunABI.of(run)?.services.count(CText.string(counter), add) }
        raw.pointee.reject = { run, row, code, message, json in
            // The function has no answer; a rejects file that cannot be written ends the run through the services' own memory of it.
            try? JobRunABI.of(run)?.services.reject(
                row: row, code: CText.string(code), message: CText.string(message), json: json.map { CText.string($0) })
        }
    }
}

/// The constant tables behind `ch_host.service`.
enum JobServiceTables {
    static func table(_ id: String) -> UnsafeRawPointer? {
        switch id {
        case CH_SERVICE_PIPELINE: UnsafeRawPointer(pipeline)
        case CH_SERVICE_EVENT_FEED: UnsafeRawPointer(eventFeed)
        default: nil
        }
    }

    /// Made once, constant after that, as are the others.
    nonisolated(unsafe) private static let pipeline: UnsafePointer<ch_pipeline> = {
        let table = UnsafeMutablePointer<ch_pipeline>.allocate(capacity: 1)
        table.initialize(to: ch_pipeline())
        table.pointee.struct_size = UInt32(MemoryLayout<ch_pipeline>.size)
        table.pointee.perform = { run, call, json, sink in
            JobServiceTables.serve(run, call, json, sink) { services, value in
                guard let plan = try? JSONDecoder().decode(JobPlan.self, from: JSONEncoder().encode(value)) else {
                    throw ConnectError("job.plan", .internal, "The job's plan is not {kind, definition, fields}.")
                }
                return try services.perform(plan)
            }
        }
        return UnsafePointer(table)
    }()

    nonisolated(unsafe) private static let eventFeed: UnsafePointer<ch_event_feed> = {
        let table = UnsafeMutablePointer<ch_event_feed>.allocate(capacity: 1)
        table.initialize(to: ch_event_feed())
        table.pointee.struct_size = UInt32(MemoryLayout<ch_event_feed>.size)
        table.pointee.deliver = { run, call, json, sink in
            JobServiceTables.serve(run, call, json, sink) { try $0.deliverEvents($1) }
        }
        return UnsafePointer(table)
    }()

    private static func serve(
        _ run: UnsafePointer<ch_run>?, _ call: UnsafePointer<ch_call>?, _ json: UnsafePointer<CChar>?, _ sink: ch_sink,
        _ body: (any JobServices, JSONValue) throws -> JSONValue
    ) -> Int32 {
        guard let given = JobRunABI.of(run), let json else { return CH_E_INTERNAL }
        var answer = ""
        let status = ABIStatus.of(call) {
            guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(String(cString: json).utf8)) else {
                throw ConnectError("job.plan", .internal, "The job asked the host for something that is not JSON.")
            }
            answer = try LoadedConnector.text(try body(given.services, value))
        }
        return status == CH_OK ? ABIStatus.put(answer, sink) : status
    }
}

/// Errors of the host as a connector sees them.
enum ABIStatus {
    /// Runs the body; an error becomes its status, and its words go to the call, if there is one.
    static func of(_ call: UnsafePointer<ch_call>? = nil, _ body: () throws -> Void) -> Int32 {
        do {
            try body()
            return CH_OK
        } catch {
            let known = error as? ConnectError ?? ConnectError("worker.defect", .internal, "\(error)")
            let status = status(known)
            call?.pointee.set_error(call, status, known.message, nil, known.retryAfterMilliseconds ?? 0)
            return status
        }
    }

    static func put(_ text: String, _ sink: ch_sink) -> Int32 {
        var copy = text
        return copy.withUTF8 { sink.put?(sink.ctx, $0.baseAddress, $0.count) ?? CH_E_INTERNAL }
    }

    private static func status(_ error: ConnectError) -> Int32 {
        switch error.code {
        case "file.missing", "directory.missing", "server.missing": return CH_E_NOT_FOUND
        case "file.exists": return CH_E_EXISTS
        case "file.permission": return CH_E_PERMISSION
        default: break
        }
        return switch error.category {
        case .configuration: CH_E_CONFIG
        case .authentication: CH_E_AUTH
        case .transient: CH_E_TRANSIENT
        case .data: CH_E_DATA
        case .internal: CH_E_INTERNAL
        case .cancelled: CH_E_CANCELLED
        }
    }
}
