import Foundation
import RecordEngine
import Synchronization

/// Joins two stages of writing: what is written here is taken by a thread of its own and written to the next sink, so that both are busy at once.
/// One thread writes. The chunks are reused, so memory stays flat.
///
/// `@unchecked Sendable`: `current` is touched by the writing thread alone, the rest is behind locks; `next` belongs to the stage's thread from the start.
final class QueuedSink: ByteSink, @unchecked Sendable {
    private static let chunkBytes = 512 << 10
    private let chunks = BoundedQueue<Chunk>(capacity: 4)
    private let free = BoundedQueue<Chunk>(capacity: 8)
    private let failure = Mutex<(any Error)?>(nil)
    private let done = DispatchSemaphore(value: 0)
    private var current: Chunk?

    init(_ next: any ByteSink) {
        for _ in 0..<6 { _ = free.send(Chunk(capacity: Self.chunkBytes)) }
        let next = Handle(next)
        Thread.detachNewThread { [self] in
            do {
                while let chunk = try chunks.receive() {
                    try next.value.write(UnsafeRawBufferPointer(rebasing: chunk.buffer[..<chunk.count]))
                    chunk.count = 0
                    _ = free.send(chunk)
                }
                if !isAbandoned { try next.value.finish() }
            } catch {
                failure.withLock { $0 = error }
                chunks.abandon()
                free.abandon()
            }
            done.signal()
        }
    }

    private let abandoned = Atomic<Bool>(false)
    private var isAbandoned: Bool { abandoned.load(ordering: .acquiring) }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let chunk = try current ?? free.receive() else { throw outcome() }
            current = chunk
            let count = min(rest.count, chunk.buffer.count - chunk.count)
            UnsafeMutableRawBufferPointer(rebasing: chunk.buffer[chunk.count...]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            chunk.count += count
            rest = rest.dropFirst(count)
            if chunk.count == chunk.buffer.count { try pass(chunk) }
        }
    }

    /// Returns once everything has gone through every stage below.
    func finish() throws {
        if let current, current.count > 0 { try pass(current) }
        chunks.finish()
        wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Ends the stage without finishing the next, and waits until its thread is gone. Any number of times.
    func abandon() {
        abandoned.store(true, ordering: .releasing)
        chunks.abandon()
        free.abandon()
        wait()
    }

    private func pass(_ chunk: Chunk) throws {
        current = nil
        guard chunks.send(chunk) else { throw outcome() }
    }

    private func wait() {
        done.wait()
        done.signal()
    }

    /// Why the next stage takes nothing any more.
    private func outcome() -> any Error {
        wait()
        return failure.withLock { $0 } ?? Cancellation.error
    }
}
