import ConnectModel
import Crypto
import Foundation
import RecordEngine
import StoreAPI
import Synchronization

/// The rows of a source as an import's input, read on a thread of their own so that source, checks and store overlap.
final class SourceInput: ImportInput {
    let definition: ImportDefinition
    let environment: RunEnvironment
    let header: [String]
    private let stage: SourceStage
    private let cancelHandler: Int

    /// `identity` is given where the reading's end is to be marked.
    init(definition: ImportDefinition, stream: any RowStream, identity: String?, environment: RunEnvironment) {
        self.definition = definition
        self.environment = environment
        header = stream.columnNames
        let stage = SourceStage(Handle(stream), columnNames: stream.columnNames, identity: identity)
        self.stage = stage
        cancelHandler = environment.cancellation.onCancel { stage.abandon() }
    }

    var bytesRead: Int64 { stage.read.bytes }
    var sha256: String { stage.read.sha256 }
    var sample: [UInt8] { [] }
    var mark: SourceMark? { stage.read.mark }

    func next() throws -> RecordBatch? { try stage.next() }
    func give(_ batch: RecordBatch) { stage.give(batch) }
    /// A source says itself what its rows are at one time.
    func checkUnchanged() throws {}

    func stop() {
        environment.cancellation.remove(cancelHandler)
        stage.stop()
    }
}

/// Rows out of a stream, a batch at a time, hashed as they pass. The stream is used by the stage's thread alone, and closed by it.
private final class SourceStage: Sendable {
    struct Read {
        var bytes: Int64 = 0
        var sha256 = ""
        var mark: SourceMark?
    }

    private let batches = BoundedQueue<RecordBatch>(capacity: 4)
    private let free = Mutex<[RecordBatch]>([])
    private let outcome = Mutex(Read())
    private let done = DispatchSemaphore(value: 0)

    init(_ handle: Handle<any RowStream>, columnNames: [String], identity: String?) {
        Thread.detachNewThread { [self] in
            do {
                try pump(handle.value, columnNames, identity)
                batches.finish()
            } catch {
                batches.finish(throwing: error)
            }
            handle.value.close()
            done.signal()
        }
    }

    var read: Read { outcome.withLock { $0 } }

    func next() throws -> RecordBatch? { try batches.receive() }
    func abandon() { batches.abandon() }

    func give(_ batch: RecordBatch) {
        batch.removeAll()
        free.withLock { if $0.count < 6 { $0.append(batch) } }
    }

    func stop() {
        abandon()
        done.wait()
        done.signal()
    }

    private func pump(_ stream: any RowStream, _ columnNames: [String], _ identity: String?) throws {
        var digest = RowDigest(columnNames)
        while true {
            let batch = free.withLock { $0.popLast() } ?? RecordBatch(columnCount: columnNames.count)
            guard try stream.next(into: batch) else { break }
            digest.update(batch)
            outcome.withLock { $0.bytes += batch.columns.reduce(0) { $0 + Int64($1.data.count) } }
            guard batches.send(batch) else { return }
        }
        let sha256 = digest.finished()
        let mark = try identity.map { SourceMark(cursor: try stream.cursor(), source: $0) }
        outcome.withLock {
            $0.sha256 = sha256
            $0.mark = mark
        }
    }
}

/// SHA-256 of rows whatever the batches they come in: of each column's bytes and of the lengths of its values.
private struct RowDigest {
    private var names = SHA256()
    private var data: [SHA256]
    private var lengths: [SHA256]

    init(_ columnNames: [String]) {
        for name in columnNames { names.update(data: Data("\(name.utf8.count):\(name)".utf8)) }
        data = columnNames.map { _ in SHA256() }
        lengths = data
    }

    mutating func update(_ batch: RecordBatch) {
        for (index, column) in batch.columns.enumerated() {
            data[index].update(bufferPointer: column.data.bytes)
            let each = (0..<batch.rowCount).map { Int32(littleEndian: column.offsets[$0 + 1] - column.offsets[$0]) }
            each.withUnsafeBytes { lengths[index].update(bufferPointer: $0) }
        }
        // Rows that were refused are part of what was read.
        for record in batch.malformed { names.update(data: Data(record.raw)) }
    }

    /// Lower-case hex.
    func finished() -> String {
        var all = names
        for part in data + lengths { all.update(data: Data(part.finalize())) }
        return all.finalize().hexadecimal
    }
}
