import ConnectModel
import Crypto
import Delivery
import Foundation
import StoreAPI

/// Sends the mails of the outbox through the installation's mail account (ACT-1).
struct MailCourier {
    private let host: Installation
    private static let milliseconds: Int64 = 60_000

    init(_ host: Installation) { self.host = host }

    func deliver(_ message: OutboxMessage, stop: @escaping @Sendable () -> Bool) throws(DeliveryFailure) -> Delivered {
        let account: MailAccount
        let password: Secret?
        let mail: MailMessage
        let policy: AddressPolicy
        do {
            account = try host.existingMailAccount()
            password = try account.password.map { try host.resolve($0, .setting(Installation.mailSetting, "password")) }
            mail = try compose(message, account)
            policy = try host.networkAllowance().mail
        } catch {
            throw DeliveryFailure(.of(error))
        }
        do throws(DeliveryFailure) {
            let client = SMTPClient(account, password: password, policy: policy)
            let answer = try client.send(mail, limits: CallLimits(milliseconds: Self.milliseconds, stop: stop))
            return Delivered(receipt: answer)
        } catch {
            var failure = error
            failure.error = failure.error.redacted([password].compactMap { $0 })
            throw failure
        }
    }

    private func compose(_ message: OutboxMessage, _ account: MailAccount) throws -> MailMessage {
        let report = RunMail(host).report(message)
        // The same at each attempt, so that receivers that look can tell a repeat.
        let digest = SHA256.hash(data: Data(message.id.utf8)).prefix(12).map { String(format: "%02x", $0) }.joined()
        return MailMessage(
            from: account.from, fromName: "ConnectHost", to: message.target, subject: report.subject, text: report.text, html: report.html,
            messageID: "\(digest)@\(try host.identity())", date: Date(timeIntervalSince1970: Double(message.createdAtUnixMilliseconds) / 1000))
    }
}

extension ConnectError {
    func redacted(_ secrets: [Secret]) -> ConnectError {
        var clean = self
        for secret in secrets.map({ $0.reveal() }) where secret.utf8.count > 2 {
            clean.message = clean.message.replacingOccurrences(of: secret, with: "•••")
            clean.remedy = clean.remedy?.replacingOccurrences(of: secret, with: "•••")
        }
        return clean
    }
}
