import ConnectModel
import ConnectTesting
import ConnectorRuntime
import Foundation
import RunEngine
import Testing

/// Sources that break their word, and what is given back in every case.
@Suite struct SourceDefectTests {
    private func source(_ options: String...) throws -> (LoadedConnector, TemporaryDirectory) {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/source.so"
        let fixed = [
            "-std=gnu11", "-shared", "-fPIC", "-fvisibility=hidden", "-I" + CompiledConnector.headers, "-o", file,
            CompiledConnector.fixtures + "/counted_source.c",
        ]
        let result = try ChildRun("cc", fixed + options).wait()
        guard result.status == 0 else { throw TestFailure(result.errors) }
        return (try LoadedConnector(file: file, id: "com.example.c-contacts", events: CallEvents(), cancellation: Cancellation()), directory)
    }

    private func expectNothingAlive(_ source: LoadedConnector) throws {
        #expect(try source.streams(.object([:])).first?.estimatedRows == 0, "allocations that nobody released, or released twice")
    }

    @Test("CON-9: every schema, batch and reader is released exactly once, read to the end or left in the middle")
    func releases() throws {
        let (source, directory) = try source()
        try withExtendedLifetime(directory) {
            _ = try source.columns(of: "contacts", .object([:]))
            try expectNothingAlive(source)
            let reader = try source.read(SourceRequest(stream: "contacts"), .object([:]))
            #expect(try source.streams(.object([:])).first?.estimatedRows == 1, "the reader and nothing else")
            while let rows = try reader.next() { #expect(rows.count == 3) }
            reader.close()
            try expectNothingAlive(source)
            do {
                let left = try source.read(SourceRequest(stream: "contacts"), .object([:]))
                #expect(try left.next()?.count == 3)
            }
            try expectNothingAlive(source)
        }
    }

    @Test("CON-9: a column of a type that the host does not take is refused by its name, and all is given back")
    func otherType() throws {
        let (source, directory) = try source(#"-DSPOIL_SCHEMA(s)=((s)->children[2]->format = "tsu:UTC")"#)
        try withExtendedLifetime(directory) {
            for body in [
                { _ = try source.columns(of: "contacts", .object([:])) }, { _ = try source.read(SourceRequest(stream: "contacts"), .object([:])) },
            ] {
                let error = #expect(throws: ConnectError.self) { try body() }
                #expect(error?.code == "source.schema")
                #expect(error?.message.contains("\"score\"") == true && error?.message.contains("tsu:UTC") == true)
            }
            try expectNothingAlive(source)
        }
    }

    @Test(
        "CON-9: a batch that does not fit its schema or itself is a defect of the connector, and is given back",
        arguments: [
            "(b)->n_children = 3", "(b)->length = 100", "(b)->length = -1", "(b)->offset = INT64_MAX", "(b)->children[0]->n_buffers = 1",
            "(b)->children[0]->buffers[1] = NULL", "(b)->children[1]->buffers[2] = NULL", "((int32_t *)(b)->children[1]->buffers[1])[1] = -5",
            "((char *)(b)->children[1]->buffers[2])[0] = (char)0xFF",
        ])
    func badBatch(spoil: String) throws {
        let (source, directory) = try source("-DSPOIL_BATCH(b)=(\(spoil))")
        try withExtendedLifetime(directory) {
            let reader = try source.read(SourceRequest(stream: "contacts"), .object([:]))
            let error = #expect(throws: ConnectError.self) { try reader.next() }
            #expect(error?.code == "connector.defect", "\(error?.message ?? "")")
            reader.close()
            // A column that the batch no longer counts is one its own release no longer finds.
            if !spoil.contains("n_children") { try expectNothingAlive(source) }
        }
    }

    @Test(
        "CON-9: an error of get_next has the source's own words where it has any",
        arguments: [
            (
                "((ch_reader *)stream->private_data)->call->set_error(((ch_reader *)stream->private_data)->call, CH_E_RATE_LIMIT, \"Too many.\", NULL, 700); return EIO",
                "server.rate-limit", "Too many."
            ),
            ("return EIO", "server.unreachable", "There is no memory left."),
            ("return ECANCELED", "server.unreachable", "There is no memory left."),
        ])
    func errors(fail: String, code: String, message: String) throws {
        let (source, directory) = try source("-DFAIL_WITH=\(fail)")
        try withExtendedLifetime(directory) {
            let reader = try source.read(SourceRequest(stream: "contacts"), .object([:]))
            let error = #expect(throws: ConnectError.self) { try reader.next() }
            #expect(error?.code == code)
            #expect(error?.message == message)
            if code == "server.rate-limit" { #expect(error?.retryAfterMilliseconds == 700) }
            reader.close()
            try expectNothingAlive(source)
        }
    }
}
