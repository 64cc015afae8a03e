import ConnectModel
import Crypto
import Foundation

/// The signature of a webhook, in the form that Standard Webhooks describes: HMAC-SHA256 over "id.timestamp.body".
enum WebhookSignature {
    /// - Parameter secret: "whsec_" and Base64, or any other text, whose bytes are then the key.
    static func headers(id: String, atUnixSeconds now: Int64, body: [UInt8], secret: Secret) -> [(String, String)] {
        let text = secret.reveal()
        let key = text.hasPrefix("whsec_") ? Data(base64Encoded: String(text.dropFirst(6))) ?? Data(text.utf8) : Data(text.utf8)
        let signed = Data("\(id).\(now).".utf8) + body
        let signature = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key))
        return [("webhook-signature", "v1,\(Data(signature).base64EncodedString())")]
    }
}
