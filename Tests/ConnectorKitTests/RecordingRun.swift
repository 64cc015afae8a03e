import PluginABI
import Testing

/// Runs a job kind with a host that keeps what it is told.
func runJob(
    _ connector: ch_connector, _ settings: String, _ kept: KeptByHost, _ host: RecordingHost, dry: Bool = false
) throws -> (status: Int32, result: String) {
    let job = try #require(connector.iface).assumingMemoryBound(to: ch_job.self).pointee
    var raw = ch_run()
    raw.struct_size = UInt32(MemoryLayout<ch_run>.size)
    raw.dry_run = dry ? 1 : 0
    raw.ctx = Unmanaged.passUnretained(kept).toOpaque()
    raw.state_get = { run, key, sink in
        guard let text = keeper(run)?.state[words(key)] else { return CH_E_NOT_FOUND }
        return Array(text.utf8).withUnsafeBytes { sink.put(sink.ctx, $0.baseAddress, $0.count) }
    }
    raw.state_put = { run, key, value in
        keeper(run)?.state[words(key)] = words(value)
        return CH_OK
    }
    raw.count = { run, counter, add in keeper(run)?.counters[words(counter), default: 0] += add }
    raw.reject = { run, row, code, message, _ in keeper(run)?.rejects.append("\(row) \(words(code)) \(words(message))") }
    let result = CollectedWords()
    let perform = try #require(job.run)
    let status = "7.1".withCString { id in
        raw.run_id = id
        return perform(host.call, &raw, settings, result.sink)
    }
    return (status, result.text)
}

/// What the host keeps of a run.
final class KeptByHost {
    var state: [String: String] = [:]
    var counters: [String: Int64] = [:]
    var rejects: [String] = []
}

private func keeper(_ run: UnsafePointer<ch_run>?) -> KeptByHost? {
    (run?.pointee.ctx).map { Unmanaged<KeptByHost>.fromOpaque($0).takeUnretainedValue() }
}

private func words(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
