import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// Reads the rows of one window and writes them to files under temporary names, the reading on one thread, the writing on others.
struct ExportRender {
    let definition: ExportDefinition
    let environment: RunEnvironment
    let transport: any Transport
    /// The name of part n (from 1), and of the only file for nil.
    let place: (Int?) throws -> ExportedFile
    let modified: Int64

    struct Outcome {
        var files: [ExportedFile] = []
        var records: Int64 = 0
        var replacedCharacters: Int64 = 0
        var replacedMarks: Int64 = 0
        var guardedValues: Int64 = 0
        var mark: ChangeMark
    }

    func render(_ selection: RowSelection) throws -> Outcome {
        var outcome = Outcome(mark: ChangeMark([:]))
        try environment.audience.read(selection) { reader in
            outcome.mark = reader.mark
            try write(reader, into: &outcome)
        }
        return outcome
    }

    private func write(_ reader: any RowReader, into outcome: inout Outcome) throws {
        let supply = BatchSupply(columns: reader.fields.count)
        let output = ExportOutput(self, columns: reader.fields)
        let writing = supply.consume { batch in try output.write(batch) }
        let waking = environment.cancellation.onCancel { supply.abandon() }
        defer { environment.cancellation.remove(waking) }
        do {
            while let batch = supply.take(), try reader.read(into: batch) {
                try environment.cancellation.check()
                guard supply.send(batch) else { break }
            }
            supply.finish()
            try writing()
            try environment.cancellation.check()
            try output.finish(&outcome)
        } catch {
            supply.abandon()
            // The first error counts; what the other thread says now follows from it.
            try? writing()
            output.abandon()
            throw error
        }
    }
}

/// The files of a window, one after the other. Used by the writing thread, then by the one that waited for it.
///
/// `@unchecked Sendable`: the second thread touches it only once the first has ended.
private final class ExportOutput: @unchecked Sendable {
    private let render: ExportRender
    private let columns: [Field]
    private var open: ExportFile?
    private var done: [ExportFile] = []
    private var files: [ExportedFile] = []
    private var records: Int64 = 0

    init(_ render: ExportRender, columns: [Field]) {
        self.render = render
        self.columns = columns
    }

    func write(_ batch: RecordBatch) throws {
        var next = 0
        while next < batch.rowCount {
            let file = try current()
            let room = render.definition.splitRecords.map { $0 - file.records } ?? .max
            let end = next + Int(min(Int64(batch.rowCount - next), room))
            try file.write(batch, rows: next..<end)
            next = end
            if file.records == render.definition.splitRecords { try close() }
        }
        records += Int64(batch.rowCount)
        render.environment.reporter.progress(RunProgress(phase: "writing", records: records))
        Failpoint.hit("export.half")
    }

    func finish(_ outcome: inout ExportRender.Outcome) throws {
        if files.isEmpty, open == nil, render.definition.ifEmpty == .write { _ = try current() }
        try close()
        outcome.files = files
        outcome.records = records
        outcome.replacedCharacters = done.reduce(0) { $0 + $1.replacedCharacters }
        outcome.replacedMarks = done.reduce(0) { $0 + $1.replacedMarks }
        outcome.guardedValues = done.reduce(0) { $0 + $1.guardedValues }
    }

    func abandon() {
        open?.abandon()
        open = nil
    }

    private func current() throws -> ExportFile {
        if let open { return open }
        let part = render.definition.splitRecords == nil ? nil : files.count + 1
        let file = try ExportFile(
            render.definition, place: render.place(part), columns: columns, modified: render.modified, keyRing: render.environment.keyRing,
            transport: render.transport, cancellation: render.environment.cancellation)
        open = file
        return file
    }

    private func close() throws {
        guard let file = open else { return }
        open = nil
        let written = try file.finish()
        try check(written)
        files.append(written)
        done.append(file)
    }

    /// What the server says of the file's size, where it says any (EXP-6).
    private func check(_ file: ExportedFile) throws {
        let size = try render.transport.stat(file.temporaryPath).size
        guard size == nil || size == file.bytes else {
            throw ConnectError(
                "export.size", .transient,
                "\"\(file.temporaryPath)\" has \(size ?? 0) bytes on \"\(render.definition.server)\" instead of \(file.bytes).",
                remedy: "The file is written again.")
        }
    }
}

/// Batches on their way from the reading thread to the writing one and back.
final class BatchSupply: Sendable {
    private let full = BoundedQueue<RecordBatch>(capacity: 3)
    private let free = BoundedQueue<RecordBatch>(capacity: 8)

    init(columns: Int) {
        for _ in 0..<5 { _ = free.send(RecordBatch(columnCount: columns)) }
    }

    /// An empty batch, nil once nobody takes any.
    func take() -> RecordBatch? { (try? free.receive()) ?? nil }
    func send(_ batch: RecordBatch) -> Bool { full.send(batch) }
    func finish() { full.finish() }

    func abandon() {
        full.abandon()
        free.abandon()
    }

    /// Gives every batch to `body` on a thread of its own. The returned function waits for its end and throws what it threw.
    func consume(_ body: @escaping @Sendable (RecordBatch) throws -> Void) -> () throws -> Void {
        let done = DispatchSemaphore(value: 0)
        let failure = Handle(ErrorBox())
        Thread.detachNewThread { [self] in
            do {
                while let batch = try full.receive() {
                    try body(batch)
                    _ = free.send(batch)
                }
            } catch {
                failure.value.error = error
                abandon()
            }
            done.signal()
        }
        return {
            done.wait()
            done.signal()
            if let error = failure.value.error { throw error }
        }
    }

    /// Written before the semaphore is raised, read after.
    private final class ErrorBox {
        var error: (any Error)?
    }
}
