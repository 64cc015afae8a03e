import CISAL
import ConnectModel

/// The contents of a gzip file (RFC 1952), its members one after the other, checksums verified. The only caller of ISA-L.
final class GzipSource: ByteSource {
    private let source: CountedSource
    private let limit: ExpansionLimit
    private let state: UnsafeMutablePointer<inflate_state>
    private let input: UnsafeMutableRawBufferPointer
    private var decoded: Int64 = 0
    private var phase = Phase.betweenMembers
    private var isFirstMember = true

    private enum Phase { case betweenMembers, inMember, ended }

    init(_ source: any ByteSource, limit: ExpansionLimit) {
        self.source = CountedSource(source)
        self.limit = limit
        // Zeros for all of it: the struct is larger than Swift would want on a stack.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: MemoryLayout<inflate_state>.size, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        state = memory.bindMemory(to: inflate_state.self).baseAddress ?? .allocate(capacity: 1)
        isal_inflate_init(state)
        state.pointee.crc_flag = UInt32(ISAL_GZIP)
        input = .allocate(byteCount: 256 << 10, alignment: 64)
    }

    deinit {
        state.deallocate()
        input.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let base = buffer.baseAddress, !buffer.isEmpty else { return 0 }
        while true {
            switch phase {
            case .ended: return 0
            case .betweenMembers: try beginMember()
            case .inMember:
                let count = try inflate(base.assumingMemoryBound(to: UInt8.self), UInt32(clamping: buffer.count))
                if count > 0 { return count }
            }
        }
    }

    /// Another member, or the end. Padding with zeros, which tapes and some tools leave, is passed over.
    private func beginMember() throws {
        repeat {
            while state.pointee.avail_in > 0, !isFirstMember, state.pointee.next_in.pointee == 0 {
                state.pointee.next_in += 1
                state.pointee.avail_in -= 1
            }
        } while try state.pointee.avail_in == 0 && fill()
        guard state.pointee.avail_in > 0 else {
            guard !isFirstMember else { throw broken("file.truncated", "is empty") }
            phase = .ended
            return
        }
        if !isFirstMember { isal_inflate_reset(state) }
        isFirstMember = false
        phase = .inMember
    }

    private func inflate(_ output: UnsafeMutablePointer<UInt8>, _ room: UInt32) throws -> Int {
        if state.pointee.avail_in == 0 {
            // What is decoded already may wait inside; only when nothing comes of it either is the file cut off.
            _ = try fill()
        }
        let hadInput = state.pointee.avail_in > 0
        state.pointee.next_out = output
        state.pointee.avail_out = room
        let result = isal_inflate(state)
        guard result == ISAL_DECOMP_OK || result == ISAL_END_INPUT || result == ISAL_OUT_OVERFLOW else { throw failure(result) }
        let count = Int(room - state.pointee.avail_out)
        decoded += Int64(count)
        try limit.check(decoded: decoded, encoded: source.count)
        if state.pointee.block_state == ISAL_BLOCK_FINISH {
            phase = .betweenMembers
        } else if count == 0 && !hadInput {
            throw broken("file.truncated", "ends in the middle")
        }
        return count
    }

    private func fill() throws -> Bool {
        let count = try source.read(into: input)
        state.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        state.pointee.avail_in = UInt32(count)
        return count > 0
    }

    private func failure(_ result: Int32) -> ConnectError {
        switch result {
        case ISAL_INVALID_WRAPPER, ISAL_UNSUPPORTED_METHOD: broken("file.gzip", decoded == 0 ? "is no gzip file" : "has something else after its end")
        case ISAL_INCORRECT_CHECKSUM: broken("file.checksum", "does not have the checksum it was made with")
        default: broken("file.gzip", "is damaged after \(decoded) decoded bytes")
        }
    }

    private func broken(_ code: String, _ what: String) -> ConnectError {
        ConnectError(code, .data, "The file \(what).", remedy: "Nothing was loaded. Ask whoever made it to send it again.")
    }
}
