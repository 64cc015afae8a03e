import Foundation

/// The first entries of a rejects file, without the records themselves: line, reason and field.
enum FirstRejects {
    struct Entry: Equatable {
        var line: String
        var reason: String
        var field: String?
    }

    /// Reads no more than the beginning of the file; an entry that is cut off is left out.
    static func read(_ path: String, count: Int) -> [Entry] {
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: 256 << 10) else { return [] }
        return entries(data).dropFirst().prefix(count).compactMap { fields in
            guard fields.count >= 3, !fields[0].isEmpty else { return nil }
            return Entry(line: fields[0], reason: fields[1], field: fields[2].isEmpty ? nil : fields[2])
        }
    }

    /// Records of CSV whose quoted fields may hold line ends.
    private static func entries(_ data: Data) -> [[String]] {
        var records: [[String]] = []
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        for byte in data {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                fields.append(String(decoding: field, as: UTF8.self))
                field = []
            case UInt8(ascii: "\n") where !isQuoted:
                records.append(fields + [String(decoding: field, as: UTF8.self)])
                fields = []
                field = []
            // What comes after the third field is the record itself.
            default: if fields.count < 3 { field.append(byte) }
            }
        }
        return records
    }
}
