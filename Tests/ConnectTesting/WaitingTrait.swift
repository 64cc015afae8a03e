import Foundation
public import Testing

/// For tests that wait for processes. Swift Testing runs tests on as many threads as there are processors and goes on with others only where a test
/// suspends; one that waits in a system call idles its processor. With this trait it waits on a thread of its own.
public struct WaitingTrait: TestTrait, SuiteTrait, TestScoping {
    public var isRecursive: Bool { true }

    public func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        try await withTaskExecutorPreference(ThreadExecutor.shared) { try await function() }
    }
}

extension Trait where Self == WaitingTrait {
    /// The test waits for processes, and does so beside the pool that the others run on.
    public static var waits: Self { WaitingTrait() }
}

/// Runs each job on a new thread, which may block.
private final class ThreadExecutor: TaskExecutor {
    static let shared = ThreadExecutor()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        Thread.detachNewThread { job.runSynchronously(on: executor) }
    }
}
