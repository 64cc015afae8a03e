public import ConnectModel
import Delivery
import Foundation
import StoreAPI

/// A setting of the installation as commands change it: texts by name; an empty one takes a value back to its default.
struct SettingTexts {
    private let texts: [String: String]
    private let old: JSONValue?

    init(_ texts: [String: String], changing old: JSONValue?, known: [String]) throws {
        self.texts = texts
        self.old = old
        if let wrong = texts.keys.sorted().first(where: { !known.contains($0) }) {
            let close = Similarity.closest(to: wrong, among: known).map { "Did you mean \"\($0)\"? " } ?? ""
            throw ConnectError(
                "setting.unknown", .configuration, "There is no setting \"\(wrong)\" here.",
                remedy: "\(close)There are: \(known.joined(separator: ", ")).")
        }
    }

    /// What is given, else what was there, else nil.
    func text(_ key: String) -> String? {
        guard let given = texts[key] else { return old?[key]?.stringValue }
        return given.isEmpty ? nil : given
    }

    func integer(_ key: String) throws -> Int64? {
        guard let given = texts[key], !given.isEmpty else { return texts[key] == nil ? old?[key]?.integerValue : nil }
        guard let number = Int64(given) else {
            throw ConnectError("setting.value", .configuration, "\"\(key)\" is a whole number; \"\(given)\" is none.")
        }
        return number
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, _ standard: Choice) throws -> Choice {
        guard let text = text(key) else { return standard }
        guard let choice = Choice(rawValue: text) else {
            let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConnectError("setting.value", .configuration, "\"\(key)\" is one of \(all); \"\(text)\" is not.")
        }
        return choice
    }

    func list(_ key: String) -> [String] {
        guard let given = texts[key] else { return old?[key]?.arrayValue?.compactMap(\.stringValue) ?? [] }
        return MailAddress.list([given])
    }
}

extension Installation {
    static let mailSetting = "mail"
    static let campaignSetting = "campaigns"
    static let networkSetting = "network"

    // MARK: - Mail

    public func mailAccount() throws -> MailAccount? { try decoded(control.setting(Self.mailSetting)) }

    func existingMailAccount() throws -> MailAccount {
        if let account = try mailAccount() { return account }
        throw ConnectError(
            "mail.account", .configuration, "No mail account is set, so nobody can be written to.",
            remedy: "connecthost account mail set --set host=smtp.example.com --set from=connect@example.com --set user=… --secret password")
    }

    /// Changes the mail account; what is not given stays.
    public func setMailAccount(_ texts: [String: String], secrets: [String: Secret], references: [String: SecretReference]) throws -> MailAccount {
        let old = try control.setting(Self.mailSetting)
        let values = try SettingTexts(texts, changing: old, known: ["host", "port", "security", "user", "from", "ca_file"])
        try refuseSecrets(Array(secrets.keys) + references.keys, known: ["password"])
        let security = try values.choice("security", MailAccount.Security.starttls)
        let user = values.text("user")
        let password: SecretReference? =
            try secrets["password"] != nil ? .vault : references["password"] ?? (user == nil ? nil : mailAccount()?.password)
        let account = MailAccount(
            host: values.text("host") ?? "", port: try values.integer("port") ?? MailAccount.standardPort(security), security: security, user: user,
            password: password, from: values.text("from") ?? "", caFile: values.text("ca_file"))
        try refuse("mail.invalid", "The mail account cannot be saved", account.problems())
        if let secret = secrets["password"] { try vault.set(secret, .setting(Self.mailSetting, "password")) }
        try control.setSetting(Self.mailSetting, try Self.encodedSetting(account))
        return account
    }

    /// Sends a mail now and returns the server's answer.
    public func testMail(to address: String) throws -> String {
        if let problem = MailAddress.problem(with: address) { throw ConnectError("mail.address", .configuration, problem) }
        let now = clock()
        let message = OutboxMessage(
            .mail, origin: "test/\(now)", target: address,
            .text(
                subject: "ConnectHost can send mail", body: "This is a test.\n\nJobs of this installation can notify this address: options.notify.to."
            ),
            atUnixMilliseconds: now)
        do throws(DeliveryFailure) { return try MailCourier(self).deliver(message, stop: { false }).receipt ?? "" } catch { throw error.error }
    }

    // MARK: - Campaigns

    public func campaignEndpoint() throws -> CampaignEndpoint? { try decoded(control.setting(Self.campaignSetting)) }

    func existingCampaignEndpoint() throws -> CampaignEndpoint {
        if let endpoint = try campaignEndpoint() { return endpoint }
        throw ConnectError(
            "campaigns.endpoint", .configuration, "No campaign endpoint is set, so no campaign can be launched.",
            remedy: "connecthost account campaigns set --set url=https://login.example.net --set user=… --secret secret")
    }

    public func setCampaignEndpoint(_ texts: [String: String], secrets: [String: Secret], references: [String: SecretReference]) throws
        -> CampaignEndpoint
    {
        let old = try control.setting(Self.campaignSetting)
        let values = try SettingTexts(texts, changing: old, known: ["profile", "url", "user", "timeout_seconds", "unsure"])
        try refuseSecrets(Array(secrets.keys) + references.keys, known: ["secret"])
        let secret: SecretReference? = try secrets["secret"] != nil ? .vault : references["secret"] ?? campaignEndpoint()?.secret
        let endpoint = CampaignEndpoint(
            profile: try values.choice("profile", .rest), url: values.text("url") ?? "", user: values.text("user"), secret: secret,
            timeoutSeconds: try values.integer("timeout_seconds") ?? 60, unsure: try values.choice("unsure", .retry))
        try refuse("campaigns.invalid", "The campaign endpoint cannot be saved", endpoint.problems())
        if let secret = secrets["secret"] { try vault.set(secret, .setting(Self.campaignSetting, "secret")) }
        try control.setSetting(Self.campaignSetting, try Self.encodedSetting(endpoint))
        return endpoint
    }

    // MARK: - Network

    /// Where connections may go.
    public func networkAllowance() throws -> NetworkAllowance { try decoded(control.setting(Self.networkSetting)) ?? NetworkAllowance() }

    public func setNetworkAllowance(_ texts: [String: String]) throws -> NetworkAllowance {
        let values = try SettingTexts(
            texts, changing: control.setting(Self.networkSetting), known: ["allow", "mail_servers", "file_servers", "ca_file"])
        let (mail, files) = (values.list("mail_servers"), values.list("file_servers"))
        let allowance = NetworkAllowance(
            allow: values.list("allow"), caFile: values.text("ca_file"), mailServers: mail.isEmpty ? NetworkAllowance.standard : mail,
            fileServers: files.isEmpty ? NetworkAllowance.standard : files)
        try refuse("network.invalid", "The network settings cannot be saved", allowance.problems())
        try control.setSetting(Self.networkSetting, try Self.encodedSetting(allowance))
        return allowance
    }

    func httpClient() throws -> HTTPClient {
        let allowance = try networkAllowance()
        return HTTPClient(policy: allowance.calls, caFile: allowance.caFile)
    }

    // MARK: - Removing

    /// "mail", "campaigns" or "network"; with its secrets.
    public func removeSetting(_ name: String) throws { try control.setSetting(name, nil) }

    func refuse(_ code: String, _ summary: String, _ problems: [Problem]) throws {
        guard problems.isEmpty else { throw ProblemList(code, summary, problems).error }
    }

    func refuseSecrets(_ given: [String], known: [String]) throws {
        guard let wrong = given.sorted().first(where: { !known.contains($0) }) else { return }
        throw ConnectError(
            "setting.secret", .configuration, "There is no secret \"\(wrong)\" here.", remedy: "There is: \(known.joined(separator: ", ")).")
    }

    func decoded<Value: Decodable>(_ value: JSONValue?) throws -> Value? {
        guard let value else { return nil }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Value.self, from: try JSONEncoder().encode(value))
    }

    static func encodedSetting(_ value: some Encodable) throws -> JSONValue {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try JSONDecoder().decode(JSONValue.self, from: try encoder.encode(value))
    }
}
