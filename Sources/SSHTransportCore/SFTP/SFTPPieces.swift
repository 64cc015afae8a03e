/// The WRITEs of one file that are not answered yet, numbered in the order of the file, over whichever connection they go.
final class SFTPPieces {
    private var isAnswered: [Bool]
    private var oldest = 0
    private var next = 0

    /// - Parameter most: how many may be out at once.
    init(_ most: Int) { isAnswered = Array(repeating: true, count: most) }

    var areAllAnswered: Bool { oldest == next }

    /// From the oldest that is not answered to the newest, which bounds how far before its end a broken file has a hole.
    func hasRoom(_ most: Int) -> Bool { next - oldest < min(most, isAnswered.count) }

    /// - Returns: the number of one more.
    func add() -> Int {
        isAnswered[next % isAnswered.count] = false
        next += 1
        return next - 1
    }

    func answered(_ number: Int) {
        isAnswered[number % isAnswered.count] = true
        while oldest < next, isAnswered[oldest % isAnswered.count] { oldest += 1 }
    }
}
