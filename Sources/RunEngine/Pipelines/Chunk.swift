/// One buffer on its way from one stage to the next and back. `@unchecked Sendable`: it is owned by one stage at a time, as the queues pass it on.
final class Chunk: @unchecked Sendable {
    let buffer: UnsafeMutableRawBufferPointer
    var count = 0

    init(capacity: Int) { buffer = .allocate(byteCount: capacity, alignment: 4096) }
    deinit { buffer.deallocate() }
}
