import ConnectorKit
import Foundation
import PluginABI
import Testing

/// A Swift job kind through the C tables that the host sees.
@Suite(.serialized) struct JobLibraryTests {
    private enum Counting: JobConnector {
        static let description = ConnectorDescription(
            id: "com.example.counting", name: "Counting", version: "1.0.0", vendor: "Example", license: "Apache-2.0", documentationURL: "", summary: "Counts.",
            aliases: [])
        static let features: JobFeatures = [.dryRun, .idempotent]
        static let settings = SettingsSchema([SettingField("count", title: "Count", help: "How far.", kind: .integer(minimum: 1), required: true)])

        static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> Int64 { values.integer("count") ?? 0 }

        static func run(_ count: Int64, _ run: any JobRun, _ call: any CallContext) throws(ConnectorError) -> KeyValuePairs<String, FieldValue> {
            let before = try run.state("last")
            for number in 1...count {
                try call.checkCancellation()
                run.count("counted", 1)
                if number == 2 { run.reject(row: 1, code: "TWO", message: "Not two.", rowJSON: nil) }
            }
            try run.setState("last", "\(count)")
            return ["counted": .integer(count), "before": before.map { .text($0) } ?? .null, "share": .double(0.5), "dry": .boolean(run.isDryRun), "id": .text(run.id)]
        }
    }

    private let library = JobLibrary.export(Counting.self)

    private func run(_ settings: String, _ kept: Kept, _ host: RecordingHost, dry: Bool = false) throws -> (status: Int32, result: String) {
        let connector = try #require(library.pointee.connectors[0]).pointee
        #expect(connector.descriptor.pointee.kind == CH_KIND_JOB && connector.descriptor.pointee.features == UInt64(CH_JF_DRY_RUN | CH_JF_IDEMPOTENT))
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

    @Test("CON-8: a run counts, rejects, remembers, and its result is a JSON object")
    func runs() throws {
        let (kept, host) = (Kept(), RecordingHost())
        let first = try run(#"{"count":3}"#, kept, host)
        #expect(first.status == 0 && first.result == #"{"counted":3,"before":null,"share":0.5,"dry":false,"id":"7.1"}"#)
        #expect(kept.counters == ["counted": 3] && kept.rejects == ["1 TWO Not two."] && kept.state == ["last": "3"])
        #expect(try run(#"{"count":1}"#, kept, host).result.contains(#""before":"3""#))
    }

    @Test("CON-8: a dry run keeps nothing")
    func dry() throws {
        let (kept, host) = (Kept(), RecordingHost())
        #expect(try run(#"{"count":3}"#, kept, host, dry: true).result.contains(#""dry":true"#))
        #expect(kept.state.isEmpty)
    }

    @Test("CON-8: wrong settings and a cancelled run end with their status and words")
    func failures() throws {
        let (kept, host) = (Kept(), RecordingHost())
        #expect(try run(#"{"count":0}"#, kept, host).status == CH_E_CONFIG)
        #expect(host.message?.contains("count") == true)
        host.isCancelled = true
        #expect(try run(#"{"count":3}"#, kept, host).status == CH_E_CANCELLED)
        #expect(kept.state.isEmpty)
    }
}

/// What the host keeps of a run.
private final class Kept {
    var state: [String: String] = [:]
    var counters: [String: Int64] = [:]
    var rejects: [String] = []
}

private func keeper(_ run: UnsafePointer<ch_run>?) -> Kept? {
    (run?.pointee.ctx).map { Unmanaged<Kept>.fromOpaque($0).takeUnretainedValue() }
}

private func words(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
