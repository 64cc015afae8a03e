import ConnectModel

/// What became of each staged row, by its number in the file: set in any order, then read in order.
/// Rows come in blocks; beyond one block the answers wait in work files, so memory stays the same for any number of rows.
final class OutcomeTable {
    enum Outcome {
        /// The row has no key.
        static let keyless: Int64 = 0
        static let overtaken: Int64 = -1
        static let ambiguous: Int64 = -2
        static let noMatch: Int64 = -3
        // Above 0: the id of the row of the list that matches.
    }

    private static let block = 1 << 21
    private let rows: Int
    private var present: [Int64]
    private var files: [ScratchFile] = []
    private var loaded = 0

    init(rows: Int, directory: String) throws {
        self.rows = rows
        present = [Int64](repeating: Outcome.keyless, count: min(rows, OutcomeTable.block))
        guard rows > OutcomeTable.block else { return }
        files = try (0...(rows - 1) / OutcomeTable.block).map { _ in try ScratchFile(directory: directory, bufferSize: 1 << 16) }
    }

    func set(_ row: Int, _ outcome: Int64) throws {
        if files.isEmpty {
            present[row] = outcome
            return
        }
        var pair = (Int64(row), outcome)
        try withUnsafeBytes(of: &pair) { try files[row / OutcomeTable.block].append($0) }
    }

    /// Call when all are set, and before each reading in order.
    func rewind() throws {
        guard !files.isEmpty else { return }
        for file in files { try file.flush() }
        loaded = -1
    }

    /// Rows are asked for in ascending order.
    func outcome(_ row: Int) throws -> Int64 {
        if files.isEmpty { return present[row] }
        let block = row / OutcomeTable.block
        if block != loaded { try load(block) }
        return present[row - block * OutcomeTable.block]
    }

    private func load(_ block: Int) throws {
        for index in present.indices { present[index] = Outcome.keyless }
        let reader = ScratchReader(files[block], range: 0..<files[block].count)
        while let pair = try reader.take(16) {
            present[Int(pair.loadUnaligned(as: Int64.self)) - block * OutcomeTable.block] = pair.loadUnaligned(fromByteOffset: 8, as: Int64.self)
        }
        loaded = block
    }
}
