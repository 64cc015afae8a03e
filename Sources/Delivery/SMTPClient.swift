import CCurlShims
public import ConnectModel
import Foundation

/// E-mail by libcurl (ACT-1). Blocks; for plain threads.
public struct SMTPClient: Sendable {
    private let account: MailAccount
    private let password: Secret?
    private let policy: AddressPolicy

    /// `password` goes with the account's user.
    public init(_ account: MailAccount, password: Secret?, policy: AddressPolicy) {
        self.account = account
        self.password = password
        self.policy = policy
    }

    private var server: String { "The mail server \(account.host):\(account.port)" }

    /// Gives the message to the server and returns the server's last answer.
    public func send(_ message: MailMessage, limits: CallLimits) throws(DeliveryFailure) -> String {
        let handle = try CurlHandle(policy, limits)
        let host = account.host.contains(":") ? "[\(account.host)]" : account.host
        handle.set(CURLOPT_URL, "\(account.security == .tls ? "smtps" : "smtp")://\(host):\(account.port)/")
        if account.security == .starttls { handle.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue)) }
        if let caFile = account.caFile { handle.set(CURLOPT_CAINFO, caFile) }
        if let user = account.user, let password {
            handle.set(CURLOPT_USERNAME, user)
            handle.set(CURLOPT_PASSWORD, password.reveal())
        }
        handle.set(CURLOPT_MAIL_FROM, "<\(account.from)>")
        handle.set(CURLOPT_MAIL_RCPT, ["<\(message.to)>"])
        handle.setMessage(text: Self.lines(message.text), html: Self.lines(message.html))
        handle.set(CURLOPT_HTTPHEADER, message.headers)
        let code = handle.perform()
        let answer = handle.lines.last ?? ""
        guard code == CURLE_OK else {
            // A server that takes the whole message and goes away before it answers may have it.
            throw DeliveryFailure(error(code, handle, answer, to: message.to), isUnsure: answer.hasPrefix("354"))
        }
        return answer
    }

    private func error(_ code: CURLcode, _ handle: CurlHandle, _ answer: String, to address: String) -> ConnectError {
        let words = answer.isEmpty ? "" : " Its answer: \(answer)"
        switch code {
        case CURLE_LOGIN_DENIED:
            return ConnectError(
                "mail.login", .authentication, "\(server) refused the log-in of \"\(account.user ?? "")\".\(words)",
                remedy: "Correct user and password: connecthost account mail set --set user=… --secret password")
        case CURLE_USE_SSL_FAILED:
            return ConnectError(
                "mail.tls", .authentication, "\(server) does not offer TLS (STARTTLS).\(words)",
                remedy: "Set security=tls if it speaks TLS from the start; security=none only for a relay on this machine.")
        default: break
        }
        switch handle.status {
        case 421, 450...459: return ConnectError("mail.later", .transient, "\(server) could not take the mail to \(address) now.\(words)")
        case 530, 534, 535: return ConnectError("mail.login", .authentication, "\(server) wants a log-in.\(words)", remedy: "Set user and password.")
        case 500...599:
            return ConnectError(
                "mail.refused", .configuration, "\(server) refused the mail to \(address).\(words)",
                remedy: "Check the addresses of sender and receiver.")
        default: return CurlSentences.error(code, handle, server)
        }
    }

    /// The line ends that mail has.
    private static func lines(_ text: String) -> String {
        text.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(of: "\n", with: "\r\n")
    }
}
