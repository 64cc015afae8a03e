import ArgumentParser
import ConnectModel
import ConnectorConformance
import ConnectorRuntime
import Foundation

/// The child that makes one check of the conformance suite. Not for people; they use `connectors test`.
struct ConnectorCheckCommand: ParsableCommand {
    static let name = "connector-check"
    static let configuration = CommandConfiguration(commandName: name, abstract: "Make one check of a connector file.", shouldDisplay: false)

    func run() throws {
        CrashSignals.restoreDefaults()
        let request = try JSONDecoder().decode(ConformanceRequest.self, from: FileHandle.standardInput.readToEnd() ?? Data())
        // A core of a crashed connector would hold its secrets; and a check that hangs ends also when whoever asked is gone.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        alarm(UInt32(clamping: (ConformanceSuite.check(request.check)?.timeLimit ?? 60) + 10))
        let answers = StandardOutput.takeOver()
        ConformanceSuite.run(request) { answer in
            guard let line = try? JSONEncoder().encode(answer) else { return }  // plain values always encode
            let bytes = [UInt8](line) + [0x0A]
            _ = write(answers, bytes, bytes.count)
        }
        // A connector's threads must not hold up the end.
        _exit(0)
    }
}
