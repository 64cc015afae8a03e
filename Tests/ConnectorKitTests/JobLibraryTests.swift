import ConnectorKit
import Foundation
import PluginABI
import Testing

/// A Swift job kind through the C tables that the host sees.
@Suite(.serialized) struct JobLibraryTests {
    private enum Counting: JobConnector {
        static let description = ConnectorDescription(
            id: "com.example.counting", name: "Counting", version: "1.0.0", vendor: "Example", license: "Apache-2.0", documentationURL: "",
            summary: "Counts.",
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
            return [
                "counted": .integer(count), "before": before.map { .text($0) } ?? .null, "share": .double(0.5), "dry": .boolean(run.isDryRun),
                "id": .text(run.id),
            ]
        }
    }

    private let library = JobLibrary.export(Counting.self)

    private func run(_ settings: String, _ kept: KeptByHost, _ host: RecordingHost, dry: Bool = false) throws -> (status: Int32, result: String) {
        let connector = try #require(library.pointee.connectors[0]).pointee
        #expect(connector.descriptor.pointee.kind == CH_KIND_JOB && connector.descriptor.pointee.features == UInt64(CH_JF_DRY_RUN | CH_JF_IDEMPOTENT))
        return try runJob(connector, settings, kept, host, dry: dry)
    }

    @Test("CON-8: a run counts, rejects, remembers, and its result is a JSON object")
    func runs() throws {
        let (kept, host) = (KeptByHost(), RecordingHost())
        let first = try run(#"{"count":3}"#, kept, host)
        #expect(first.status == 0 && first.result == #"{"counted":3,"before":null,"share":0.5,"dry":false,"id":"7.1"}"#)
        #expect(kept.counters == ["counted": 3] && kept.rejects == ["1 TWO Not two."] && kept.state == ["last": "3"])
        #expect(try run(#"{"count":1}"#, kept, host).result.contains(#""before":"3""#))
    }

    @Test("CON-8: a dry run keeps nothing")
    func dry() throws {
        let (kept, host) = (KeptByHost(), RecordingHost())
        #expect(try run(#"{"count":3}"#, kept, host, dry: true).result.contains(#""dry":true"#))
        #expect(kept.state.isEmpty)
    }

    @Test("CON-8: wrong settings and a cancelled run end with their status and words")
    func failures() throws {
        let (kept, host) = (KeptByHost(), RecordingHost())
        #expect(try run(#"{"count":0}"#, kept, host).status == CH_E_CONFIG)
        #expect(host.message?.contains("count") == true)
        host.isCancelled = true
        #expect(try run(#"{"count":3}"#, kept, host).status == CH_E_CANCELLED)
        #expect(kept.state.isEmpty)
    }
}
