import ConnectModel
import ConnectTesting
import Delivery
import Foundation
import Testing

@Suite struct SMTPAddressTests {
    /// Why no mail went out; who has been connected to takes none.
    private func failure(_ host: String, _ witness: ConnectionWitness, _ rules: [AddressPolicy.Rule]) -> ConnectError? {
        let before = witness.connections
        let account = MailAccount(
            host: host, port: Int64(witness.port), security: .none, user: nil, password: nil, from: "connect@example.com", caFile: nil)
        let mail = MailMessage(
            from: account.from, fromName: "ConnectHost", to: "ann@example.com", subject: "s", text: "t", html: "", messageID: "a.1@b", date: Date())
        do throws(DeliveryFailure) {
            _ = try SMTPClient(account, password: nil, policy: AddressPolicy(.mailServers, rules))
                .send(mail, limits: CallLimits(milliseconds: 60_000, stop: { witness.connections > before }))
            return nil
        } catch {
            return error.error
        }
    }

    @Test("ACT-1, OPS-3, T25: a mail server at a private address is connected to only where that is allowed, however the address is written")
    func privateAddresses() throws {
        let witness = try ConnectionWitness()
        #expect(PrivateAddress.hosts.count >= 60)
        for host in PrivateAddress.hosts {
            let error = failure(host, witness, [.publicAddresses])
            #expect(["delivery.address", "delivery.name", "delivery.url"].contains(error?.code ?? ""), "\(host): \(error?.description ?? "sent")")
        }
        #expect(witness.connections == 0)
        let refused = failure("127.1", witness, [.publicAddresses])
        #expect(refused?.description.contains("account network set --set mail_servers=public,127.0.0.1") == true, "\(refused?.description ?? "sent")")
        for (number, rules) in [[.publicAddresses, try #require(AddressPolicy.Rule("127.0.0.0/8"))], [AddressPolicy.Rule.anywhere]].enumerated() {
            #expect(failure("127.1", witness, rules)?.code != "delivery.address")
            #expect(witness.connections == number + 1)
        }
    }
}
