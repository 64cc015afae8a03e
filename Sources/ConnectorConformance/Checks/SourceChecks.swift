import ConnectModel
import Foundation
import PluginABI

/// Streams, schemas and batches of a source.
enum SourceChecks {
    static let all: [ConformanceCheck] = [streams, schema, batches, release, outlives, errors, cancel, readers, leaks]

    private static func check(
        _ id: String, _ title: String, timeLimit: Int = 60, _ body: @escaping @Sendable (CheckContext, SourceTrial) throws -> Void
    ) -> ConformanceCheck {
        ConformanceCheck("source." + id, title, kinds: [.source], need: .connection, timeLimit: timeLimit) { context in
            try body(context, SourceTrial(context))
        }
    }

    private static let streams = check("streams", "It tells of at least one stream, with a title and modes") { context, trial in
        let streams = try trial.discover()
        try context.require(!streams.isEmpty, "discover told of no stream.")
        for stream in streams {
            guard let name = stream["name"]?.stringValue, !name.isEmpty else {
                context.fail("A stream has no name.")
                continue
            }
            if stream["title"]?.stringValue?.isEmpty != false { context.warn("The stream \"\(name)\" has no title.") }
            let modes = (stream["modes"]?.arrayValue ?? []).compactMap(\.stringValue)
            context.expect(modes.contains("full"), "The stream \"\(name)\" does not name the mode \"full\", which every stream has.")
            context.expect(
                modes.allSatisfy { ["full", "incremental"].contains($0) }, "The stream \"\(name)\" names modes that do not exist: \(modes).")
            context.expect(
                !modes.contains("incremental") || context.has(1 << 0), "The stream \"\(name)\" is incremental, but CH_SF_INCREMENTAL is not claimed.")
        }
        context.expect(Set(streams.compactMap { $0["name"]?.stringValue }).count == streams.count, "Two streams have one name.")
    }

    private static let schema = check("schema", "The schema told is the schema of the stream") { context, trial in
        for name in try trial.names() {
            context.doing("the schema of \(name)")
            var told = ArrowSchema()
            let call = RawCall()
            let status = call.perform("schema") { trial.table.pointee.schema($0, trial.settings, name, &told) }
            try context.require(status == CH_OK && told.release != nil, "schema of \"\(name)\" failed with \(StatusName.of(status)) \(call.words).")
            let columns = try ArrowRules.columns(told)
            let reader = try trial.open(name)
            var (code, own) = reader.schema()
            try context.require(code == 0 && own.release != nil, "get_schema of the stream \"\(name)\" returned \(code) and no schema.")
            let streamed = try ArrowRules.columns(own)
            context.expect(
                columns == streamed,
                "schema tells \"\(name)\" as \(Self.text(columns)), and its stream as \(Self.text(streamed)).")
            told.release(&told)
            context.expect(told.release == nil, "The release of a schema must set release to NULL.")
            own.release(&own)
            context.expect(own.release == nil, "The release of a stream's schema must set release to NULL.")
            reader.close()
        }
    }
    private static func text(_ columns: [RawColumn]) -> String { columns.map { "\($0.name) \($0.format)" }.joined(separator: ", ") }

    private static let batches = check("batches", "Each batch is what its schema says and consistent in itself") { context, trial in
        for name in try trial.names() {
            context.doing("reading \(name)")
            let read = try trial.read(name)
            if read.isCut { context.note("Only the first \(read.rows.count) rows of \"\(name)\" were read.") }
            if read.rows.isEmpty { context.warn("The stream \"\(name)\" has no rows, so little can be said of it; try it with some.") }
        }
    }

    private static let release = check("release", "What is released says so, and its columns can be taken out") { context, trial in
        for name in try trial.names() {
            context.doing("releasing batches of \(name)")
            let reader = try trial.open(name)
            let columns = try trial.columns(reader)
            var (code, batch) = reader.next()
            if code == 0, let release = batch.release {
                // A column is moved out: its struct is copied and the original marked as released; the batch goes, the column stays.
                let first = batch.children[0]
                var moved = first?.pointee ?? ArrowArray()
                first?.pointee.release = nil
                let before = try ArrowRules.rows(Self.alone(&moved), [columns[0]])
                release(&batch)
                context.expect(batch.release == nil, "The release of a batch must set release to NULL.")
                context.expect(
                    moved.release != nil, "A column that was moved out of its batch was released with it: skip children whose release is NULL.")
                if let last = moved.release {
                    let after = try ArrowRules.rows(Self.alone(&moved), [columns[0]])
                    context.expect(before == after, "The values of a column that was moved out changed when its batch was released.")
                    last(&moved)
                    context.expect(moved.release == nil, "The release of a column must set release to NULL.")
                }
            }
            context.expect(reader.releaseStream(), "The release of a stream must set release to NULL.")
            reader.close()
        }
    }

    /// A batch of one column, which lives as long as the call it is given to.
    private static func alone(_ column: inout ArrowArray) -> ArrowArray {
        let children = UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>.allocate(capacity: 1)
        let copy = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)  // a few bytes for as long as the check's process lives
        copy.initialize(to: column)
        children.initialize(to: copy)
        var batch = ArrowArray()
        batch.length = column.length
        batch.n_children = 1
        batch.children = children
        return batch
    }

    private static let outlives = check("outlives", "A batch is good after its stream and its reader are gone") { context, trial in
        for name in try trial.names() {
            context.doing("a batch of \(name) after close")
            let reader = try trial.open(name)
            let columns = try trial.columns(reader)
            var (code, batch) = reader.next()
            guard code == 0, batch.release != nil else {
                reader.close()
                continue
            }
            let before = try ArrowRules.rows(batch, columns)
            reader.close()
            let after = try ArrowRules.rows(batch, columns)
            context.expect(before == after, "A batch of \"\(name)\" changed when its reader was closed; batches own what they point at.")
            batch.release(&batch)
        }
    }

    private static let errors = check("errors", "Each failing call says why, without secrets") { context, trial in
        let unknown = "connecthost-no-such-stream"
        let call = RawCall()
        var schema = ArrowSchema()
        context.doing("the schema of a stream that is not there")
        let status = call.perform("schema") { trial.table.pointee.schema($0, trial.settings, unknown, &schema) }
        context.expect(status == CH_E_NOT_FOUND, "schema of a stream that is not there returned \(StatusName.of(status)) instead of CH_E_NOT_FOUND.")
        context.expect(schema.release == nil, "schema failed and left something to release.")
        context.doing("opening a stream that is not there")
        let (opened, reader) = RawReader.open(trial.connector, trial.settings, stream: unknown, call)
        reader?.close()
        context.expect(opened == CH_E_NOT_FOUND, "open of a stream that is not there returned \(StatusName.of(opened)) instead of CH_E_NOT_FOUND.")
        call.violations.forEach { context.fail($0) }
        for secret in context.secrets where call.texts.contains(where: { $0.contains(secret) }) {
            context.fail("The value of a secret setting stands in an error text or a log line.")
        }
    }

    private static let cancel = check("cancel", "Reading ends within two seconds of being cancelled", timeLimit: 30) { context, trial in
        let name = try trial.names()[0]
        let call = RawCall()
        let reader = try trial.open(name, call)
        reader.cancel()
        reader.cancel()
        call.cancel()
        context.doing("get_next after cancel")
        let codes = SideThread.run(seconds: 2) { () -> [Int32] in
            var (code, batch) = reader.next()
            if let release = batch.release { release(&batch) }
            return [code, code == 0 ? 0 : reader.lastError()]
        }
        let result = try context.unwrap(codes, "get_next did not come back within two seconds of cancel.")
        context.expect(result[0] == ECANCELED, "get_next after cancel returned \(result[0]) instead of ECANCELED (\(ECANCELED)).")
        context.expect(
            result[0] == 0 || result[1] == CH_E_CANCELLED, "last_error after cancel returned \(StatusName.of(result[1])) instead of CH_E_CANCELLED.")
        call.violations.forEach { context.fail($0) }
        try context.require(SideThread.run(seconds: 3) { reader.close() } != nil, "close did not come back within two seconds.")
    }

    private static let readers = check("two-readers", "Two readers at once do not know each other") { context, trial in
        let name = try trial.names()[0]
        let whole = try trial.read(name)
        let (first, second) = (try trial.open(name), try trial.open(name))
        var (left, right): ([String], [String]) = ([], [])
        let columns = try trial.columns(first)
        while left.count < whole.rows.count || right.count < whole.rows.count {
            context.doing("two readers of \(name), in turn")
            let (a, b) = (try trial.batch(first, columns), try trial.batch(second, columns))
            if a == nil && b == nil { break }
            left += a ?? []
            right += b ?? []
        }
        first.close()
        second.close()
        context.expect(left.prefix(whole.rows.count) == whole.rows[...], "A reader gave other rows while another one read the same stream.")
        context.expect(left == right, "Two readers of one stream, read in turn, gave different rows.")
    }

    private static let leaks = check("leaks", "A thousand readers leave nothing behind", timeLimit: 120) { context, trial in
        let name = try trial.names()[0]
        try LeakMeasure.run(context, "opening, reading a batch and closing") { _ in
            let reader = try trial.open(name)
            var (_, schema) = reader.schema()
            if let release = schema.release { release(&schema) }
            var (_, batch) = reader.next()
            if let release = batch.release { release(&batch) }
            _ = reader.cursor()
            reader.close()
        }
    }
}
