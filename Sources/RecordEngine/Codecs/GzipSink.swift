import CISAL
import ConnectModel

/// Compresses to one gzip member (RFC 1952) with ISA-L. One thread at a time.
public final class GzipSink: ByteSink {
    private let sink: any ByteSink
    private let stream: UnsafeMutablePointer<isal_zstream>
    private let level: UnsafeMutableRawBufferPointer
    private let output: UnsafeMutableRawBufferPointer

    public init(_ sink: any ByteSink) {
        self.sink = sink
        // Zeros for all of it: the struct is larger than Swift would want on a stack.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: MemoryLayout<isal_zstream>.size, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        stream = memory.bindMemory(to: isal_zstream.self).baseAddress ?? .allocate(capacity: 1)
        // More than ISAL_DEF_LVL1_DEFAULT, which is some 280 KiB.
        level = .allocate(byteCount: 512 << 10, alignment: 64)
        output = .allocate(byteCount: 256 << 10, alignment: 64)
        isal_deflate_init(stream)
        stream.pointee.level = 1
        stream.pointee.level_buf = level.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.level_buf_size = UInt32(level.count)
        stream.pointee.gzip_flag = UInt16(IGZIP_GZIP)
    }

    deinit {
        stream.deallocate()
        level.deallocate()
        output.deallocate()
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            try deflate(piece, isLast: false)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
        }
    }

    public func finish() throws {
        try deflate(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true)
        try sink.finish()
    }

    private func deflate(_ bytes: UnsafeRawBufferPointer, isLast: Bool) throws {
        // ISA-L only reads from its input, whatever the field's type says.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(bytes.count)
        stream.pointee.end_of_stream = isLast ? 1 : 0
        repeat {
            stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(output.count)
            guard isal_deflate(stream) == COMP_OK else {
                throw ConnectError("export.gzip", .internal, "The file could not be compressed.")
            }
            let written = output.count - Int(stream.pointee.avail_out)
            if written > 0 { try sink.write(UnsafeRawBufferPointer(rebasing: output[..<written])) }
        } while stream.pointee.avail_out == 0 || (isLast && stream.pointee.internal_state.state != ZSTATE_END)
    }
}
