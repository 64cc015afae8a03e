import ConnectModel
import Delivery
import Foundation

/// How to log in to the campaign service.
struct RESTLogin {
    var url: String
    var user: String
    var password: Secret
}

/// A log-in to the campaign service: its token is good for three hours, and is refreshed before.
struct CampaignSession: Sendable {
    /// Whose token it is.
    var login: String
    var token: Secret
    /// Where calls go, as the log-in said.
    var endPoint: String
    var issuedAtUnixMilliseconds: Int64

    private static let peer = "The campaign service"
    private static let lifeMilliseconds: Int64 = 150 * 60_000

    func isOld(atUnixMilliseconds now: Int64) -> Bool {
        now - issuedAtUnixMilliseconds > Self.lifeMilliseconds || now < issuedAtUnixMilliseconds - 300_000
    }

    /// The service says that a token has expired with status 500.
    func isRefused(_ response: HTTPResponse) -> Bool {
        response.status == 401
            || (response.status == 500 && String(decoding: response.body, as: UTF8.self).contains("Not a valid authentication token"))
    }

    static func begin(
        _ login: RESTLogin, _ client: HTTPClient, _ limits: CallLimits, atUnixMilliseconds now: Int64
    ) throws(DeliveryFailure) -> CampaignSession {
        let form = "user_name=\(FormText.encoded(login.user))&password=\(FormText.encoded(login.password.reveal()))&auth_type=password"
        let response = try call(login, form, token: nil, client, limits)
        if let error = response.failure(peer, detail: detail(response)) {
            // The log-in itself changes nothing over there, so a later attempt is as good as this one.
            throw DeliveryFailure(error)
        }
        return try session(response, login, now)
    }

    /// Nil when the service does not take the old token any more.
    func refreshed(
        _ login: RESTLogin, _ client: HTTPClient, _ limits: CallLimits, atUnixMilliseconds now: Int64
    ) throws(DeliveryFailure) -> CampaignSession? {
        let response = try Self.call(login, "auth_type=token", token: token, client, limits)
        guard response.failure(Self.peer) == nil else { return nil }
        return try Self.session(response, login, now)
    }

    private static func call(
        _ login: RESTLogin, _ form: String, token: Secret?, _ client: HTTPClient, _ limits: CallLimits
    ) throws(DeliveryFailure) -> HTTPResponse {
        let base = login.url.hasSuffix("/") ? String(login.url.dropLast()) : login.url
        let headers = [("Content-Type", "application/x-www-form-urlencoded")] + (token.map { [("Authorization", $0.reveal())] } ?? [])
        do throws(DeliveryFailure) {
            return try client.call(
                HTTPRequest("POST", "\(base)/rest/api/v1.3/auth/token", headers: headers, body: [UInt8](form.utf8)), peer: peer, limits: limits)
        } catch {
            throw DeliveryFailure(error.error)
        }
    }

    private static func session(_ response: HTTPResponse, _ login: RESTLogin, _ now: Int64) throws(DeliveryFailure) -> CampaignSession {
        // What is not JSON has no token either.
        let answer = try? JSONDecoder().decode(JSONValue.self, from: Data(response.body))
        guard let token = answer?["authToken"]?.stringValue, var endPoint = answer?["endPoint"]?.stringValue else {
            throw DeliveryFailure(
                ConnectError("campaigns.answer", .configuration, "\(peer) gave no token.", remedy: "Check the address of the log-in host."))
        }
        while endPoint.hasSuffix("/") { endPoint.removeLast() }
        let isWeaker = login.url.lowercased().hasPrefix("https:") && !endPoint.lowercased().hasPrefix("https:")
        guard WebAddress.problem(with: endPoint) == nil, !isWeaker, token.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) else {
            throw DeliveryFailure(
                ConnectError("campaigns.answer", .configuration, "\(peer) named an address that is not used: it must be as safe as the log-in's."))
        }
        return CampaignSession(login: login.url + login.user, token: Secret(token), endPoint: endPoint, issuedAtUnixMilliseconds: now)
    }

    /// What the service says about a failure, in a line.
    static func detail(_ response: HTTPResponse) -> String? {
        let answer = try? JSONDecoder().decode(JSONValue.self, from: Data(response.body))
        let words = [answer?["errorCode"]?.stringValue, answer?["detail"]?.stringValue ?? answer?["title"]?.stringValue].compactMap { $0 }
        guard !words.isEmpty else { return nil }
        let line = words.joined(separator: ": ").unicodeScalars.map { $0.value < 0x20 ? " " : String($0) }.joined()
        return String(line.prefix(200))
    }

    static func receipt(_ response: HTTPResponse) -> String {
        let answer = try? JSONDecoder().decode(JSONValue.self, from: Data(response.body))
        let id = answer?["scheduleId"]?.integerValue ?? answer?["id"]?.integerValue
        return id.map { "schedule \($0)" } ?? "status \(response.status)"
    }
}
