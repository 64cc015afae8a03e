import ConnectModel
import Foundation

/// What loading a file does to the process that loads it. Whether it loads at all, the probe has said before any check runs.
enum LoadingChecks {
    static let all: [ConformanceCheck] = [time, threads, silence, process]

    private static let time = ConformanceCheck("load.time", "It is loaded in less than a second", need: .file) { context in
        let elapsed = try ProcessFacts.duration { _ = try context.connector() }
        if elapsed > .seconds(1) {
            context.warn(
                "Loading took \(elapsed.formatted()); every list of connectors waits for it. Move work from constructors and the entry to open.")
        }
    }

    private static let threads = ConformanceCheck("load.threads", "It starts no thread before it is used", need: .file) { context in
        let before = ProcessFacts.threads
        _ = try context.connector()
        let started = ProcessFacts.threads - before
        if started > 0 { context.warn("Loading started \(started) thread\(started == 1 ? "" : "s"). Start threads in open, and join them in close.") }
    }

    private static let silence = ConformanceCheck("load.silence", "It prints nothing while it is loaded", need: .file) { context in
        let printed = try ProcessFacts.outputDuring { _ = try context.connector() }
        if !printed.isEmpty {
            let words = String(decoding: printed.prefix(60), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            context.warn("It printed \"\(words)\" to standard output while it was loaded. Use host->log, which says whose words they are.")
        }
    }

    private static let process = ConformanceCheck("load.process", "Loading leaves the process as it was", need: .file) { context in
        let before = ProcessFacts.snapshot()
        _ = try context.connector()
        let after = ProcessFacts.snapshot()
        context.expect(
            before.directory == after.directory, "Loading changed the working directory of the process. Open files by whole paths instead.")
        context.expect(before.mask == after.mask, "Loading changed the umask of the process. Give each file its mode when it is made.")
        context.expect(
            before.locale == after.locale, "Loading changed the locale of the process, and with it how everybody reads numbers. Use newlocale.")
        let changed = zip(before.signals, after.signals).filter { $0.handler != $1.handler }.map { "\($0.0.number)" }
        if !changed.isEmpty {
            context.warn("Loading installed handlers for signals \(changed.joined(separator: ", ")); those belong to the host.")
        }
        if after.descriptors > before.descriptors {
            context.warn("Loading left \(after.descriptors - before.descriptors) file descriptors open. Open what you need in open.")
        }
    }
}
