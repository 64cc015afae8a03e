import Glibc

/// Any character set of the C library's iconv. The only caller of iconv.
struct IconvTranscoder: Transcoder {
    private let converter: IconvDescriptor
    private var isFlushed = false

    /// nil when this machine's C library lacks the character set.
    init?(_ name: String) {
        guard let converter = IconvDescriptor(from: name) else { return nil }
        self.converter = converter
    }

    mutating func transcode(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, isLast: Bool
    ) -> (taken: Int, written: Int) {
        var (taken, written) = (0, 0)
        while taken < input.count {
            let outcome = converter.convert(input, &taken, output, &written)
            switch outcome {
            case .done: break
            case .outputFull: return (taken, written)
            case .cutOff where !isLast: return (taken, written)
            case .cutOff, .invalid:
                guard written < output.count else { return (taken, written) }
                output[written] = undecodableByte
                written += 1
                // One byte only: what follows a stray lead byte may be a line end, and is text of its own.
                taken = outcome == .cutOff ? input.count : taken + 1
            }
        }
        if isLast && !isFlushed {
            isFlushed = true
            converter.finish(output, &written)
        }
        return (taken, written)
    }

    /// The scalars of bytes 80 to FF for a set of one byte a character whose lower half is ASCII; 0 where a byte is no character.
    static func upperHalf(_ name: String) -> [UInt32]? {
        guard let converter = IconvDescriptor(from: name) else { return nil }
        return (UInt8(0x80)...0xFF).map { byte in
            withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { output in
                withUnsafeBytes(of: byte) { input in
                    var (taken, written) = (0, 0)
                    guard converter.convert(input, &taken, output, &written) == .done else { return 0 }
                    converter.finish(output, &written)
                    return String(decoding: output[..<written], as: UTF8.self).unicodeScalars.first?.value ?? 0
                }
            }
        }
    }
}

/// One conversion, given back with the object. Used by one thread at a time.
final class IconvDescriptor {
    enum Outcome { case done, outputFull, invalid, cutOff }

    private let descriptor: iconv_t

    init?(from source: String, to target: String = "UTF-8") {
        guard let opened = iconv_open(target, source), Int(bitPattern: opened) != -1 else { return nil }
        descriptor = opened
    }

    deinit { iconv_close(descriptor) }

    /// Goes on at `taken` and `written`, and moves both on.
    func convert(_ input: UnsafeRawBufferPointer, _ taken: inout Int, _ output: UnsafeMutableRawBufferPointer, _ written: inout Int) -> Outcome {
        // iconv only reads from its input, whatever the parameter's type says.
        let readable = UnsafeMutableRawBufferPointer(mutating: input)
        var from = readable.baseAddress?.advanced(by: taken).assumingMemoryBound(to: CChar.self)
        var to = output.baseAddress?.advanced(by: written).assumingMemoryBound(to: CChar.self)
        var (rest, room) = (input.count - taken, output.count - written)
        let result = iconv(descriptor, &from, &rest, &to, &room)
        let reason = errno
        (taken, written) = (input.count - rest, output.count - room)
        if result != -1 { return .done }
        switch reason {
        case E2BIG: return .outputFull
        case EINVAL: return .cutOff
        default: return .invalid
        }
    }

    /// Writes what the character set's state still holds back.
    func finish(_ output: UnsafeMutableRawBufferPointer, _ written: inout Int) {
        var to = output.baseAddress?.advanced(by: written).assumingMemoryBound(to: CChar.self)
        var room = output.count - written
        _ = iconv(descriptor, nil, nil, &to, &room)
        written = output.count - room
    }
}
