// Pictures of both pages: node test/shots.mjs [--url http://127.0.0.1:8080] [--out shots] [--wait 6]
import { takeShots } from '../../tools/shots.mjs';
import { startMock } from '../dev/mock.mjs';

await takeShots(startMock, { home: '/ui/', agent: '/ui/device/7' });
