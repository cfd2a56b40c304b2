/** A message of the fleet's long shape, with what a stranger must not see. */
export function fleetMessage(deviceId: string): object {
  return {
    data: { DEVICE_ID: deviceId, LAT: 20.5, LON: -100.4, SPEED: '0.00', CELL_ID: 'secret' },
    decoded: { secret: 1 },
    metadata: { CLIENT_IP: '10.0.0.7' },
    raw: 'raw',
    uuid: 'f3a9',
    timestamp: '2025-10-18T00:51:20Z',
  }
}
