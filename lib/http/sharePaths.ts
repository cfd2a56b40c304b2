/** Where a share is looked at, and made. */
export const initPath = '/api/v1/public/share-location/init'

/** Where a viewer's stream is. */
export const shareStreamPath = '/api/v1/public/share-location/stream'

/** Where an issuer's shares are. */
export const sharesPath = '/api/v1/shares'
