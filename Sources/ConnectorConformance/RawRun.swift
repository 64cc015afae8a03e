import ConnectModel
import Foundation
import PluginABI
import Synchronization

/// What a job's run is given: a private directory, no rows, and a file server that is empty and remembers every attempt to change it.
final class RawRun: @unchecked Sendable {
    // Unchecked: the tables are constant after init, and what changes lies behind the mutex.
    let raw: UnsafeMutablePointer<ch_run>
    let directory: String
    private let changes = Mutex<[String]>([])
    private let texts: [UnsafeMutablePointer<CChar>]

    init(dryRun: Bool) throws {
        var template = Array((NSTemporaryDirectory() + "/connecthost-check-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw CheckSkipped(sentence: "No temporary directory could be made for the run.") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        texts = [strdup("conformance"), strdup(directory)]
        raw = .allocate(capacity: 1)
        raw.initialize(to: ch_run())
        raw.pointee.struct_size = UInt32(MemoryLayout<ch_run>.size)
        raw.pointee.dry_run = dryRun ? 1 : 0
        raw.pointee.ctx = Unmanaged.passUnretained(self).toOpaque()
        raw.pointee.run_id = UnsafePointer(texts[0])
        raw.pointee.work_dir = UnsafePointer(texts[1])
        raw.pointee.take_rows = { _, _, _ in CH_E_NOT_FOUND }
        raw.pointee.transport = { run, _, table, session in
            guard let run = run, let context = run.pointee.ctx else { return CH_E_INTERNAL }
            table?.pointee = WatchedServer.table
            session?.pointee = OpaquePointer(context)
            return CH_OK
        }
        raw.pointee.state_get = { _, _, _ in CH_E_NOT_FOUND }
        raw.pointee.state_put = { run, key, _ in
            RawRun.of(run?.pointee.ctx)?.note("state_put of \"\(RawText.string(key))\"")
            return CH_OK
        }
        raw.pointee.count = { _, _, _ in }
        raw.pointee.reject = { _, _, _, _, _ in }
    }

    deinit {
        texts.forEach { free($0) }
        raw.deallocate()
    }

    fileprivate static func of(_ context: UnsafeMutableRawPointer?) -> RawRun? {
        context.map { Unmanaged<RawRun>.fromOpaque($0).takeUnretainedValue() }
    }

    fileprivate func note(_ change: String) { changes.withLock { $0.append(change) } }
    /// What was tried to be changed outside.
    var attempted: [String] { changes.withLock { $0 } }
}

extension CheckContext {
    /// A run whose directory is removed when the check is over, also when the job has not come back.
    func makeRun() throws -> RawRun {
        let run = try RawRun(dryRun: true)
        let directory = run.directory
        // What is left there is nobody's.
        afterwards { try? FileManager.default.removeItem(atPath: directory) }
        return run
    }
}

/// A file server without files, whose session is the run that it belongs to.
private enum WatchedServer {
    /// Made once, constant after that.
    nonisolated(unsafe) static let table: UnsafePointer<ch_transport> = {
        let table = UnsafeMutablePointer<ch_transport>.allocate(capacity: 1)
        table.initialize(to: ch_transport())
        table.pointee.struct_size = UInt32(MemoryLayout<ch_transport>.size)
        table.pointee.open = { _, _, _ in CH_E_UNSUPPORTED }
        table.pointee.close = { _ in }
        table.pointee.cancel = { _ in }
        table.pointee.stat = { _, call, _, _, _ in WatchedServer.missing(call) }
        table.pointee.list = { _, _, _, _, _ in CH_OK }
        table.pointee.open_read = { _, call, _, _, _ in WatchedServer.missing(call) }
        table.pointee.read = { _, _, _, _ in 0 }
        table.pointee.open_write = { session, call, path, _, _, _ in WatchedServer.change(session, call, "open_write", path) }
        table.pointee.write = { _, _, _, count in Int64(count) }
        table.pointee.commit = { _, _, _ in CH_OK }
        table.pointee.abort = { _ in }
        table.pointee.rename = { session, call, path, _, _ in WatchedServer.change(session, call, "rename", path) }
        table.pointee.remove = { session, call, path in WatchedServer.change(session, call, "remove", path) }
        table.pointee.mkdir = { session, call, path in WatchedServer.change(session, call, "mkdir", path) }
        table.pointee.rmdir = { session, call, path in WatchedServer.change(session, call, "rmdir", path) }
        return UnsafePointer(table)
    }()

    static func missing(_ call: UnsafePointer<ch_call>?) -> Int32 {
        call?.pointee.set_error(call, CH_E_NOT_FOUND, "The server of the conformance suite is empty.", nil, 0)
        return CH_E_NOT_FOUND
    }

    static func change(_ session: OpaquePointer?, _ call: UnsafePointer<ch_call>?, _ verb: String, _ path: UnsafePointer<CChar>?) -> Int32 {
        RawRun.of(session.map { UnsafeMutableRawPointer($0) })?.note("\(verb) of \"\(RawText.string(path))\" on a server")
        call?.pointee.set_error(call, CH_E_PERMISSION, "The server of the conformance suite cannot be changed.", nil, 0)
        return CH_E_PERMISSION
    }
}
