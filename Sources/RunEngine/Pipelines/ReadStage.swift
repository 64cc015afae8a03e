import ConnectModel
import Foundation
import RecordEngine
import Synchronization

/// The second stage: records out of bytes, a batch at a time, on a thread of its own. The header comes first.
final class ReadStage: Sendable {
    enum Item {
        case header([String])
        case batch(RecordBatch)
    }

    private let items = BoundedQueue<Item>(capacity: 4)
    private let recycle = Mutex<(@Sendable (RecordBatch) -> Void)?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(source handle: Handle<any ByteSource>, charset: FileCharacterSet, format: DelimitedFormat, columnNames: [String]) {
        Thread.detachNewThread { [self] in
            do {
                let reader = try DelimitedReader(
                    source: handle.value, charset: charset, format: format, columnNames: columnNames.isEmpty ? nil : columnNames)
                let shared = Handle(reader)
                recycle.withLock { $0 = { shared.value.recycle($0) } }
                var isWanted = items.send(.header(reader.header))
                while isWanted, let batch = try reader.next() { isWanted = items.send(.batch(batch)) }
                items.finish()
            } catch {
                items.finish(throwing: error)
            }
            done.signal()
        }
    }

    /// The header, then batches in file order, then nil.
    func next() throws -> Item? { try items.receive() }

    /// Gives a batch back that nobody reads any more.
    func give(_ batch: RecordBatch) { recycle.withLock { $0 }?(batch) }

    func stop() {
        items.abandon()
        done.wait()
        done.signal()
    }
}
