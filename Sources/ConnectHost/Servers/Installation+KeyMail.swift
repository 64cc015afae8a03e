public import ConnectModel
import StoreAPI

extension Installation {
    /// Throws when mails to these addresses could not be sent.
    public func checkMail(to addresses: [String]) throws {
        _ = try existingMailAccount()
        if let problem = addresses.lazy.compactMap({ MailAddress.problem(with: $0) }).first {
            throw ConnectError("mail.address", .configuration, problem)
        }
    }

    /// Puts a mail with the public half of a key, its fingerprint and how to install it into the outbox (FS-5). The private half stays here.
    public func mailKey(_ pair: KeyPair, of server: String?, to addresses: [String]) throws -> [OutboxMessage] {
        try checkMail(to: addresses)
        let name = server.map { " for the file server \"\($0)\"" } ?? ""
        let body = """
            ConnectHost has made a key to log in with\(name). Please let it in by adding this line to ~/.ssh/authorized_keys of the account:

            \(pair.authorizedKeysLine)

            It lets the key move files and nothing else. The key's fingerprint is \(pair.fingerprint); the private half has not left ConnectHost, \
            and nobody will ask you for it.

            Then please tell whoever sent you this the fingerprint of the server's host key, as shown by: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
            """
        let now = clock()
        let messages = addresses.map { address in
            OutboxMessage(
                .mail, origin: "key/\(server ?? "file")", target: address,
                .text(subject: "A key to install\(name)", body: body), atUnixMilliseconds: now, idSuffix: "\(address)/\(pair.fingerprint)")
        }
        try control.enqueue(messages)
        return try messages.map { try existingMessage($0.id) }
    }
}
