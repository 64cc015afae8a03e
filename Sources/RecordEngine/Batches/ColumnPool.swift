import Synchronization

/// Columns that may be filled again. Any thread. Oversized ones are let go.
final class ColumnPool: Sendable {
    private let free = Mutex<[TextColumn]>([])
    private static let most = 256
    private static let largest = 4 << 20

    /// An empty column.
    func take() -> TextColumn { free.withLock { $0.popLast() } ?? TextColumn(rowCapacity: 8192, byteCapacity: 128 << 10) }

    func give(_ column: TextColumn) {
        guard column.data.capacity <= Self.largest else { return }
        column.removeAll()
        free.withLock { if $0.count < Self.most { $0.append(column) } }
    }
}
