import Foundation
public import Logging
import Synchronization

/// Work that the server does by itself: starting what is due, delivering, tidying up. Each service has a thread of its own, so one may block.
public protocol BackgroundService: AnyObject, Sendable {
    /// For logs: "schedules".
    var name: String { get }
    /// Does what there is to do now and returns when to be called again at the latest, in milliseconds since 1970; nil: only when woken.
    /// It is also called whenever something in the home has changed. An error is logged, and the call repeated after a pause.
    func perform(_ context: ServiceContext) throws -> Int64?
}

/// What a service is given.
public struct ServiceContext: Sendable {
    public let log: Logger
    public let metrics: HostMetrics
    /// Milliseconds since 1970 UTC.
    public let clock: @Sendable () -> Int64
    /// The server is on its way out: begin nothing more.
    public let isStopping: @Sendable () -> Bool
    /// Has every service look whether there is something to do.
    public let wakeAll: @Sendable () -> Void

    public var now: Int64 { clock() }
}

/// Calls one service when it asked to be called and when it is woken; sleeps without a timer in between.
final class ServiceLoop: Sendable {
    private let service: any BackgroundService
    private let context: ServiceContext
    private let wakeUp = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private static let pauseAfterErrorMilliseconds: Int64 = 5000

    init(_ service: any BackgroundService, _ context: ServiceContext) {
        self.service = service
        self.context = context
    }

    func start() {
        let thread = Thread { [self] in
            while true {
                // Several rings before this call are answered by it.
                while wakeUp.wait(timeout: .now()) == .success {}
                // Only now: the ring that goes with the end must not be taken without heeding it.
                if context.isStopping() { break }
                sleep(until: call())
            }
            ended.signal()
        }
        thread.name = service.name
        thread.stackSize = 1 << 20
        thread.start()
    }

    func wake() { wakeUp.signal() }

    func join() { ended.wait() }

    private func call() -> Int64? {
        do {
            return try service.perform(context)
        } catch {
            context.log.error("service.failed", metadata: ["service": "\(service.name)", "error": "\(error)"])
            return context.now + Self.pauseAfterErrorMilliseconds
        }
    }

    /// Wall clocks may jump, so a long wait is cut into minutes.
    private func sleep(until: Int64?) {
        guard let until else { return wakeUp.wait() }
        let rest = min(until - context.now, 60_000)
        if rest > 0 { _ = wakeUp.wait(timeout: .now() + .milliseconds(Int(rest))) }
    }
}
