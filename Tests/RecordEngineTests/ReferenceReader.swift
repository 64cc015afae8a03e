import ConnectModel
import RecordEngine

/// The rules of `DelimitedReader`, one byte at a time, over text that is in memory as a whole.
struct ReferenceReader {
    enum Item: Equatable {
        case row(line: Int64, fields: [[UInt8]], raw: [UInt8])
        case malformed(MalformedRecord)
    }

    let text: [UInt8]
    let format: DelimitedFormat
    let columns: Int

    func items() -> [Item] {
        var items: [Item] = []
        var position = 0
        var line: Int64 = 1
        while position < text.count {
            if let next = lineEnd(at: position) {
                position = next
                line += 1
                continue
            }
            let outcome = record(from: position)
            let raw = Array(text[position..<outcome.end].prefix(min(format.maximumRecordBytes, MalformedRecord.rawLimit)))
            if let reason = outcome.reason ?? fault(outcome.fields, Array(text[position..<outcome.end])) {
                items.append(.malformed(MalformedRecord(line: line, reason: reason, raw: raw)))
            } else {
                items.append(.row(line: line, fields: outcome.fields, raw: Array(text[position..<outcome.end])))
            }
            line += outcome.lines
            position = outcome.next
        }
        return items
    }

    private struct Outcome {
        var reason: RejectReason?
        var fields: [[UInt8]] = []
        /// Where the text of the record, or of what is refused, ends.
        var end: Int
        var next: Int
        /// Line ends up to `next`.
        var lines: Int64
    }

    private func fault(_ fields: [[UInt8]], _ raw: [UInt8]) -> RejectReason? {
        if raw.contains(0) { return .nulByte }
        if String(validating: raw, as: UTF8.self) == nil { return .undecodable }
        if fields.count != columns { return fields.count < columns ? .tooFewFields : .tooManyFields }
        return nil
    }

    /// The place behind the line end at `index`, nil when none stands there.
    private func lineEnd(at index: Int) -> Int? {
        guard index < text.count else { return nil }
        if text[index] == 10 { return index + 1 }
        guard text[index] == 13 else { return nil }
        return index + 1 < text.count && text[index + 1] == 10 ? index + 2 : index + 1
    }

    private func isDelimiter(_ index: Int) -> Bool { text[min(index, text.count)...].starts(with: format.delimiter.utf8) }

    private func record(from start: Int) -> Outcome {
        let limit = start + format.maximumRecordBytes
        let quote = format.enclosure.character?.asciiValue
        var fields: [[UInt8]] = []
        var field: [UInt8] = []
        var isEnclosed = false
        var isFieldStart = true
        var lines: Int64 = 0
        var index = start
        while true {
            if index > limit {
                if isEnclosed && lines > 0 { return firstLine(from: start, .unterminatedEnclosure) }
                return rest(from: start, limit + 1, lines)
            }
            if index == text.count {
                if isEnclosed { return firstLine(from: start, .unterminatedEnclosure) }
                return Outcome(fields: fields + [field], end: index, next: index, lines: lines)
            }
            if isEnclosed {
                if text[index] == quote {
                    if index + 1 < text.count && text[index + 1] == quote {
                        field.append(text[index])
                        index += 2
                        continue
                    }
                    index += 1
                    isEnclosed = false
                    guard index == text.count || isDelimiter(index) || lineEnd(at: index) != nil else { return firstLine(from: start, .badEnclosure) }
                } else if let next = lineEnd(at: index) {
                    field += text[index..<next]
                    index = next
                    lines += 1
                } else {
                    field.append(text[index])
                    index += 1
                }
            } else if let next = lineEnd(at: index) {
                return Outcome(fields: fields + [field], end: index, next: next, lines: lines + 1)
            } else if isDelimiter(index) {
                fields.append(field)
                field = []
                index += format.delimiter.utf8.count
                isFieldStart = true
                continue
            } else if isFieldStart && text[index] == quote {
                isEnclosed = true
                index += 1
            } else {
                field.append(text[index])
                index += 1
            }
            isFieldStart = false
        }
    }

    private func firstLine(from start: Int, _ reason: RejectReason) -> Outcome {
        var index = start
        while index < text.count && lineEnd(at: index) == nil { index += 1 }
        // A first line beyond the limit is refused for its faulty enclosure all the same.
        return Outcome(reason: reason, end: index, next: lineEnd(at: index) ?? index, lines: 1)
    }

    private func rest(from start: Int, _ from: Int, _ lines: Int64) -> Outcome {
        var index = from
        while index < text.count && lineEnd(at: index) == nil { index += 1 }
        return Outcome(reason: .recordTooLong, end: text.count, next: lineEnd(at: index) ?? index, lines: lines + 1)
    }
}

/// What `DelimitedReader` makes of the same text.
func readItems(
    _ source: any ByteSource, charset: FileCharacterSet = .utf8, _ format: DelimitedFormat, columns: Int, batchBytes: Int = 1 << 20,
    recycles: Bool = true
) throws -> [ReferenceReader.Item] {
    let names = (0..<columns).map { "C\($0)" }
    let reader = try DelimitedReader(source: source, charset: charset, format: format, columnNames: names, batchBytes: batchBytes)
    var items: [(line: Int64, item: ReferenceReader.Item)] = []
    while let batch = try reader.next() {
        for row in 0..<batch.rowCount {
            let fields = batch.columns.map { Array($0[row]) }
            items.append((batch.lineNumbers[row], .row(line: batch.lineNumbers[row], fields: fields, raw: Array(batch.rawRecord(row)))))
        }
        items += batch.malformed.map { ($0.line, .malformed($0)) }
        if recycles { reader.recycle(batch) }
    }
    return items.sorted { $0.line < $1.line }.map(\.item)
}

/// Numbers that are the same for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
