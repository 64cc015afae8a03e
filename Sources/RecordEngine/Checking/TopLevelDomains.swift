import ConnectModel
import Foundation

/// The top-level domains that exist, from a dated file that the user can replace (IMP-15).
///
/// The file has the form of IANA's `tlds-alpha-by-domain.txt`: lines that begin with `#` are comments, the first of them says source and
/// date; every other line is one label, in any case, names of other scripts as A-labels (`XN--…`) or as they are written.
public struct TopLevelDomains: Sendable {
    /// The first comment of the file, without `#`; says where the list comes from and of which day it is.
    public let source: String
    public let count: Int

    private let table: [Entry]
    private let labels: [UInt8]

    private struct Entry {
        var start: Int32 = 0
        var length: Int32 = 0
    }

    /// Throws `tlds.unreadable` (configuration) when the file cannot be read or is no such list: with what a server says instead of a file, every address would be rejected.
    public init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConnectError(
                "tlds.unreadable", .configuration, "The list of top-level domains \"\(path)\" cannot be read.",
                remedy: "Put IANA's tlds-alpha-by-domain.txt there, or give another path.")
        }
        self.init(text: String(decoding: data, as: UTF8.self))
        guard Array("com".utf8).withUnsafeBytes(contains) else {
            throw ConnectError(
                "tlds.unreadable", .configuration, "\"\(path)\" is no list of top-level domains: it does not have .com.",
                remedy: "Put IANA's tlds-alpha-by-domain.txt there, or take the file away.")
        }
    }

    /// Takes the text of such a file. Lines that are no label are passed over.
    public init(text: String) {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        source = lines.first { $0.hasPrefix("#") }.map { $0.dropFirst().trimmingCharacters(in: .whitespaces) } ?? "without date"
        let found = Set(lines.filter { !$0.hasPrefix("#") }.compactMap { Punycode.aLabel(Substring($0.lowercased())) })
        var labels: [UInt8] = []
        var size = 64
        while size < 4 * found.count { size *= 2 }
        var table = [Entry](repeating: Entry(), count: size)
        for label in found.sorted() {
            let bytes = Array(label.utf8)
            var slot = bytes.withUnsafeBytes { Self.hash($0) } & (size - 1)
            while table[slot].length > 0 { slot = (slot + 1) & (size - 1) }
            table[slot] = Entry(start: Int32(labels.count), length: Int32(bytes.count))
            labels += bytes
        }
        self.table = table
        self.labels = labels
        count = found.count
    }

    /// Whether `label`, an A-label in lower case, is one of them.
    func contains(_ label: UnsafeRawBufferPointer) -> Bool {
        guard !label.isEmpty else { return false }
        var slot = Self.hash(label) & (table.count - 1)
        while table[slot].length > 0 {
            if Int(table[slot].length) == label.count && matches(label, at: Int(table[slot].start)) { return true }
            slot = (slot + 1) & (table.count - 1)
        }
        return false
    }

    private func matches(_ label: UnsafeRawBufferPointer, at start: Int) -> Bool {
        for index in 0..<label.count where labels[start + index] != label[index] { return false }
        return true
    }

    /// FNV-1a.
    private static func hash(_ label: UnsafeRawBufferPointer) -> Int {
        var hash: UInt32 = 2_166_136_261
        for byte in label { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int(hash ^ hash >> 15)
    }
}
