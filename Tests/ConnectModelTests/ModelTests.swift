import ConnectModel
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
