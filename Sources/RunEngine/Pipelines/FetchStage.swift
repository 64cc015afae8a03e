import ConnectModel
import Crypto
import Foundation
import RecordEngine
import Synchronization

/// The first stage: bytes from the server into a bounded queue, hashed as they pass, on a thread of its own,
/// so that the network is busy while records are read and checked.
final class FetchStage: Sendable {
    private static let chunkBytes = 1 << 20
    private let chunks = BoundedQueue<Chunk>(capacity: 4)
    private let free = BoundedQueue<Chunk>(capacity: 8)
    private let outcome = Mutex<(bytes: Int64, sha256: String)>((0, ""))
    private let firstBytes = Mutex<[UInt8]>([])
    private let done = DispatchSemaphore(value: 0)

    /// Starts to read. `reader` is used by the stage's thread alone, and closed by it.
    init(reader handle: Handle<any TransportReader>, cancellation: Cancellation, hashing: Bool = true) {
        for _ in 0..<6 { _ = free.send(Chunk(capacity: Self.chunkBytes)) }
        Thread.detachNewThread { [self] in
            let reader = handle.value
            do {
                try pump(reader, cancellation, hashing)
                chunks.finish()
            } catch {
                chunks.finish(throwing: error)
            }
            reader.close()
            done.signal()
        }
    }

    /// The bytes, for the thread that reads records.
    var source: any ByteSource { QueueSource(chunks, free) }

    /// Every piece in order, in place, in turn with the fetching; instead of `source`.
    func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        while let chunk = try chunks.receive() {
            try body(UnsafeRawBufferPointer(rebasing: chunk.buffer[..<chunk.count]))
            _ = free.send(chunk)
        }
    }

    var bytesRead: Int64 { outcome.withLock { $0.bytes } }
    /// Lower-case hex of all bytes; valid once the source has ended.
    var sha256: String { outcome.withLock { $0.sha256 } }

    /// The beginning of the file, up to 64 KiB; complete once the first record has been read.
    var sample: [UInt8] { firstBytes.withLock { $0 } }

    /// Nobody wants the bytes any more. Any thread.
    func abandon() {
        chunks.abandon()
        free.abandon()
    }

    /// Waits until the file has been read to its end and closed.
    func waitForEnd() {
        done.wait()
        done.signal()
    }

    /// Ends the stage and waits until its thread is gone.
    func stop() {
        abandon()
        done.wait()
        done.signal()
    }

    private func pump(_ reader: any TransportReader, _ cancellation: Cancellation, _ hashing: Bool) throws {
        var hash = SHA256()
        while let chunk = try free.receive() {
            try cancellation.check()
            chunk.count = try reader.read(into: chunk.buffer)
            guard chunk.count > 0 else { break }
            if hashing { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: chunk.buffer[..<chunk.count])) }
            let before = outcome.withLock { outcome in
                outcome.bytes += Int64(chunk.count)
                return outcome.bytes - Int64(chunk.count)
            }
            if before < 65536 { firstBytes.withLock { $0 += chunk.buffer[..<min(chunk.count, 65536 - Int(before))] } }
            guard chunks.send(chunk) else { return }
        }
        let digest = hash.finalize().hexadecimal
        outcome.withLock { $0.sha256 = digest }
    }
}

/// A reference that changes threads once, at a place where the sender is done with it.
///
/// `@unchecked Sendable`: the maker hands the value over and does not touch it again while the receiver has it; `cancel` of a transport,
/// the one call made from elsewhere, is allowed from any thread by its protocol.
struct Handle<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

/// The queue as the record reader wants it.
private final class QueueSource: ByteSource {
    private let chunks: BoundedQueue<Chunk>
    private let free: BoundedQueue<Chunk>
    private var current: Chunk?
    private var position = 0

    init(_ chunks: BoundedQueue<Chunk>, _ free: BoundedQueue<Chunk>) {
        self.chunks = chunks
        self.free = free
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if current == nil {
            current = try chunks.receive()
            position = 0
        }
        guard let chunk = current else { return 0 }
        let count = min(buffer.count, chunk.count - position)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: chunk.buffer[position..<(position + count)]))
        position += count
        if position == chunk.count {
            _ = free.send(chunk)
            current = nil
        }
        return count
    }
}
