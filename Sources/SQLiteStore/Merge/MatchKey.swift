import ConnectModel

/// Makes keys that compare byte by byte: e-mail with ASCII letters folded, numbers big-endian, two parts joined by a NUL, which no text holds.
struct MatchKey {
    let parts: [MergeLayout.Part]

    init(_ layout: MergeLayout) { parts = layout.keys.map(\.part) }

    /// Length of the key of these cells; nil when one is empty, and the row so has no key.
    @inline(__always)
    func length(_ cell: (Int) -> Cell) -> Int? {
        var length = parts.count - 1
        for index in parts.indices {
            let value = cell(index)
            if value.isNull { return nil }
            if case .number = parts[index] { length += 8 } else { length += value.count }
        }
        return length
    }

    @inline(__always)
    func write(_ cell: (Int) -> Cell, to target: UnsafeMutableRawPointer) {
        var at = target
        for index in parts.indices {
            if index > 0 {
                at.storeBytes(of: 0, as: UInt8.self)
                at += 1
            }
            let value = cell(index)
            switch parts[index] {
            case .number:
                MatchKey.write(NumberForm.integer(value) ?? 0, to: at)
                at += 8
            case .folded:
                copyFolded(value.buffer, to: at)
                at += value.count
            case .bytes, .hash:
                if let bytes = value.bytes { at.copyMemory(from: bytes, byteCount: value.count) }
                at += value.count
            }
        }
    }

    /// Orders like the number.
    static func write(_ value: Int64, to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: (UInt64(bitPattern: value) ^ 1 << 63).bigEndian, as: UInt64.self)
    }

    static func number(_ key: UnsafeRawBufferPointer) -> Int64 {
        guard key.count == 8, let base = key.baseAddress else { return 0 }
        return Int64(bitPattern: UInt64(bigEndian: base.loadUnaligned(as: UInt64.self)) ^ 1 << 63)
    }

    /// The key's parts again.
    func split(_ key: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
        guard parts.count == 2 else { return [key] }
        let end: Int
        switch parts[0] {
        case .number: end = 8
        case .hash(let length): end = length
        case .folded, .bytes: end = key.firstIndex(of: 0) ?? key.count
        }
        return [UnsafeRawBufferPointer(rebasing: key[..<end]), UnsafeRawBufferPointer(rebasing: key[min(end + 1, key.count)...])]
    }
}
