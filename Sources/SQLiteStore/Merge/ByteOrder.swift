import Foundation

/// `memcmp`, for lengths that are mostly short.
@inline(__always)
func compareBytes(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Int32 { memcmp(left, right, count) }

/// Byte by byte, then by length: how SQLite's BINARY collation orders text.
@inline(__always)
func compareBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    let shorter = min(left.count, right.count)
    if shorter > 0, let a = left.baseAddress, let b = right.baseAddress {
        let order = memcmp(a, b, shorter)
        if order != 0 { return Int(order) }
    }
    return left.count - right.count
}

/// Copies `source` with A–Z made a–z: the form in which NOCASE compares.
@inline(__always)
func copyFolded(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
    let bytes = target.assumingMemoryBound(to: UInt8.self)
    for index in 0..<source.count {
        let byte = source[index]
        bytes[index] = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }
}
