import ConnectModel
import Foundation
import Testing

@Suite struct ModelTests {
    @Test("IMP-17: every state of a run reaches the end, and only known steps are allowed")
    func statesReachTheEnd() {
        for state in ImportRunState.allCases {
            var reached: Set<ImportRunState> = [state]
            for _ in ImportRunState.allCases { reached.formUnion(reached.flatMap(\.successors)) }
            #expect(reached.contains(.finished))
        }
        #expect(ImportRunState.finished.successors.isEmpty)
        #expect(ImportRunState.selected.recovery == .askWitness)
        #expect(!ImportRunState.applied.successors.contains(.selected), "what is committed is never redone")
    }

    @Test(
        "IMP-17, EXP-2: in every family each state leads to the end, and a run that others have seen never begins again",
        arguments: RunFamily.allCases)
    func everyFamilyEnds(_ family: RunFamily) {
        let machine = family.machine
        for state in machine.rules.keys {
            var reached: Set<RunState> = [state]
            for _ in machine.rules { reached.formUnion(reached.flatMap { machine.rules[$0]?.successors ?? [] }) }
            #expect(reached.contains(.finished), "\(state)")
            // Files that are whole and not yet renamed may turn out to be lost, and nobody has seen them.
            guard [.made, .askServer].contains(machine.effect(of: state)), state != ExportRunState.uploaded.state else { continue }
            #expect(reached.allSatisfy { $0 == state || machine.effect(of: $0) != .none }, "\(state)")
        }
        #expect(machine.rules[.queued] != nil)
        #expect(machine.effect(of: RunState(rawValue: "of a later version")) == .made)
    }

    @Test("OPS-4: a run written down before there were families is an import")
    func earlierRunsAreImports() throws {
        let text = """
            {"id":"1.2","jobName":"a","kind":"import-list","definition":{},"trigger":"manual","state":"selected","status":"running","epoch":1,
             "createdAtUnixMilliseconds":5,"bytes":0,"records":{"read":0,"inserted":0,"updated":0,"unchanged":0,"skipped":0,"duplicates":0,"rejected":0},
             "rejectedByReason":{},"warnings":[]}
            """
        let run = try JSONDecoder().decode(Run.self, from: Data(text.utf8))
        #expect(run.family == .import)
        #expect(run.state == ImportRunState.selected.state)
    }

    @Test("EXP-2: of a file that an earlier version wrote down nobody knows whether its rename was asked for; of a new one it was not")
    func earlierExports() throws {
        let text = #"{"path":"a.csv","temporaryPath":".a.csv.1.part","bytes":7,"records":1,"sha256":"ab"}"#
        #expect(try JSONDecoder().decode(ExportedFile.self, from: Data(text.utf8)).isRenameAsked == nil)
        let new = ExportedFile(path: "a", temporaryPath: "b", readyPath: nil, bytes: 1, records: 1, sha256: "c")
        #expect(try JSONDecoder().decode(ExportedFile.self, from: JSONEncoder().encode(new)).isRenameAsked == false)
    }

    @Test("OPS-3: a secret prints as dots wherever it is put")
    func secretsDoNotPrint() {
        let secret = Secret("hunter2")
        #expect("\(secret)" == "•••")
        #expect(String(reflecting: secret) == "•••")
        #expect(String(describing: ["password": secret]).contains("hunter2") == false)
        var text = ""
        dump(secret, to: &text)
        #expect(!text.contains("hunter2"))
    }

    @Test("MGT-3: runs are written JobID.RunID", arguments: ["3.17", "1.1"])
    func runNames(_ text: String) throws { #expect(try #require(RunID(text)).description == text) }

    @Test("MGT-3: anything else is no run", arguments: ["", "3", "3.", ".17", "3.17.1", "a.b", "0.1", "-1.2"])
    func notRunNames(_ text: String) { #expect(RunID(text) == nil) }

    @Test("OPS-3: secret references", arguments: ["vault", "env:NAME", "file:/etc/x"])
    func references(_ text: String) throws { #expect(try #require(SecretReference(text)).description == text) }

    @Test("OPS-3: a plain password is no reference", arguments: ["", "hunter2", "env:", "file:relative"])
    func notReferences(_ text: String) { #expect(SecretReference(text) == nil) }

    @Test("MGT-6: the nearest name is found, a distant one is not")
    func similarity() {
        #expect(Similarity.closest(to: "naem", among: ["name", "zone"]) == "name")
        #expect(Similarity.closest(to: "EMAIL_ADRESS_", among: ["EMAIL_ADDRESS_", "CITY_"]) == "EMAIL_ADDRESS_")
        #expect(Similarity.closest(to: "xyz", among: ["name", "zone"]) == nil)
    }
}
