import Foundation

/// Joins two stages: the one before waits while the queue is full, the one after while it is empty. Memory stays flat whatever the file's size.
///
/// `@unchecked Sendable`: every stored property but the condition is touched only while the condition's lock is held.
/// Elements change hands, so an element need not be Sendable: the sender keeps no reference after `send`.
final class BoundedQueue<Element>: @unchecked Sendable {
    private let condition = NSCondition()
    private let capacity: Int
    private var elements: [Element] = []
    private var isFinished = false
    private var failure: (any Error)?
    private var isAbandoned = false

    init(capacity: Int) { self.capacity = capacity }

    /// False once the receiver is gone; the sender then stops.
    func send(_ element: sending Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while elements.count >= capacity && !isAbandoned { condition.wait() }
        guard !isAbandoned else { return false }
        elements.append(element)
        condition.broadcast()
        return true
    }

    /// No more elements; with an error the receiver gets it after the elements before it.
    func finish(throwing error: (any Error)? = nil) {
        condition.lock()
        defer { condition.unlock() }
        guard !isFinished else { return }
        isFinished = true
        failure = error
        condition.broadcast()
    }

    /// The next element, nil at the end.
    func receive() throws -> Element? {
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty && !isFinished && !isAbandoned { condition.wait() }
        guard !isAbandoned else { return nil }
        if elements.isEmpty {
            if let failure { throw failure }
            return nil
        }
        let element = elements.removeFirst()
        condition.broadcast()
        return element
    }

    /// The receiver has no more use for anything.
    func abandon() {
        condition.lock()
        defer { condition.unlock() }
        isAbandoned = true
        elements.removeAll()
        condition.broadcast()
    }
}
