import ConnectorKit
import FoundationEssentials

/// One reading. Two of them do not know each other.
final class NumbersReader: StreamReader {
    /// What to remember, so that the next reading goes on after the rows handed out so far. It comes back as it was.
    private struct Cursor: Codable {
        var number: Int64
    }

    private let request: StreamRequest
    private let end: Int64
    private var next: Int64

    /// A cursor that is not yours is `.cursor`: then the host reads everything again.
    init(_ rows: Int64, _ request: StreamRequest, from cursor: String?) throws(ConnectorError) {
        var last: Int64 = 0
        if let cursor {
            guard let known = try? JSONDecoder().decode(Cursor.self, from: Data(cursor.utf8)), (0...rows).contains(known.number) else {
                throw ConnectorError(.cursor, "The place to go on from is none of these numbers; read them all again.")
            }
            last = known.number
        }
        self.request = request
        end = rows
        next = last + 1
    }

    /// The next rows, with the columns that were asked for; nil at the end.
    func next(_ call: any CallContext) throws(ConnectorError) -> RowBatch? {
        guard next <= end else { return nil }
        let last = min(end, next + Int64(min(request.batchRows, 4096)) - 1)
        var batch = RowBatch(columns: request.columns, reserving: Int(last - next + 1))
        for number in next...last {
            try batch.append(request.columns.map { $0.name == "number" ? .integer(number) : .text("row \(number)") })
        }
        next = last + 1
        call.progress("rows", done: last, total: end, note: nil)
        return batch
    }

    /// Covers exactly the rows that `next` has returned.
    func cursor() throws(ConnectorError) -> String { "{\"number\":\(next - 1)}" }
}
